/** Small pieces of page that stand on the map where something is: what passes a camera just now. */

import { render, type TemplateResult } from "lit";
import type OlMap from "ol/Map";
import Overlay from "ol/Overlay";
import { fromLonLat } from "ol/proj";

export interface Pin {
  readonly id: string;
  readonly lat: number;
  readonly lon: number;
  readonly content: TemplateResult;
}

/** Keeps the pins of one map; those that stay are drawn anew where they stand. */
export class Pins {
  private readonly map: OlMap;
  private readonly standing = new Map<string, Overlay>();

  constructor(map: OlMap) {
    this.map = map;
  }

  show(pins: readonly Pin[]): void {
    const gone = new Set(this.standing.keys());
    for (const pin of pins) {
      gone.delete(pin.id);
      const overlay = this.standing.get(pin.id) ?? this.add(pin.id);
      overlay.setPosition(fromLonLat([pin.lon, pin.lat]));
      render(pin.content, overlay.getElement() as HTMLElement);
    }
    for (const id of gone) this.remove(id);
  }

  private add(id: string): Overlay {
    const element = document.createElement("div");
    element.className = "pin";
    const overlay = new Overlay({ id, element, positioning: "bottom-center", offset: [0, -12], stopEvent: false });
    this.standing.set(id, overlay);
    this.map.addOverlay(overlay);
    return overlay;
  }

  private remove(id: string): void {
    const overlay = this.standing.get(id);
    if (overlay !== undefined) this.map.removeOverlay(overlay);
    this.standing.delete(id);
  }
}
