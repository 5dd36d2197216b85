/** The map of every console: base, fences, symbols; tells what was pressed and, while picking, which place. */

import OlMap from "ol/Map";
import View from "ol/View";
import Feature from "ol/Feature";
import { defaults as controls } from "ol/control/defaults";
import { Polygon, Point, Circle as CircleGeometry } from "ol/geom";
import DragPan from "ol/interaction/DragPan";
import { defaults as interactions } from "ol/interaction/defaults";
import Kinetic from "ol/Kinetic";
import VectorImageLayer from "ol/layer/VectorImage";
import VectorSource from "ol/source/Vector";
import { boundingExtent } from "ol/extent";
import { fromLonLat, toLonLat, getPointResolution } from "ol/proj";
import { Circle, Fill, Stroke, Style, Text } from "ol/style";
import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { icon } from "../components/icons";
import { ACCENT } from "../components/shapes";
import { CAMERA_TYPE } from "../components/video/context";
import { shared, View as Element } from "../components/view";
import { language, t } from "../i18n/i18n";
import type { FenceRow, Place } from "../wire";
import { FONT, makeBase, nameOf, type Base } from "./base";
import { NO_DATA, symbolsOf, waysOf, type MapData } from "./picture";
import { featuresOf, type MapPath } from "./paths";
import { Pins, type Pin } from "./pins";
import { Reshaping } from "./reshape";
import { sectorOf, type Sector } from "./sector";
import { SymbolsLayer, type Pressed } from "./symbols_layer";
import type { Corner } from "./typed";

/** Yueyang County's middle: where the map stands until the boundary has come. */
const FALLBACK_CENTRE: readonly [number, number] = [113.25, 29.15];

/** Metres per pixel from which on fences carry no names: farther out they would stand on one another. */
const FENCE_NAMES_M = 20;

const PICKED_MS = 500;

export interface Picked {
  readonly lat: number;
  readonly lon: number;
  /** The nearest township, for a name that people know. */
  readonly near: string;
}

/** Cameras can be dragged from it (`CAMERA_TYPE`). Tells `press` ({table, id}) and, while `picking`, `pick` ({lat, lon, near}), by Enter with `entered`. */
@customElement("t-map")
export class CountyMap extends Element {
  static override styles = [
    shared,
    css`
      :host {
        position: relative;
        background: var(--page);
        overflow: hidden;
      }
      .map {
        position: absolute;
        inset: 0;
      }
      .map:focus-visible {
        outline-offset: -2px;
      }
      :host([picking]) .map {
        cursor: crosshair;
      }
      /* What Enter picks: the middle, to which the arrows move the map. */
      :host([picking][steered]) .map:focus-visible::after {
        content: "";
        position: absolute;
        inset: 0;
        pointer-events: none;
        background:
          linear-gradient(var(--text), var(--text)) center / 24px 1px no-repeat,
          linear-gradient(var(--text), var(--text)) center / 1px 24px no-repeat;
      }
      .tools {
        position: absolute;
        right: var(--s2);
        top: var(--s2);
        display: grid;
        gap: var(--s1);
      }
      .tools button {
        width: calc(32px * var(--scale));
        height: calc(32px * var(--scale));
        min-height: 0;
        padding: 0;
      }
      .note {
        position: absolute;
        left: var(--s2);
        bottom: var(--s1);
        color: var(--quiet);
        font-size: calc(11px * var(--scale));
        pointer-events: none;
      }
      .picking {
        position: absolute;
        inset: var(--s2) calc(48px * var(--scale)) auto;
        width: fit-content;
        margin: 0 auto;
        padding: var(--s1) var(--s3);
        border: var(--hair) solid var(--accent);
        border-radius: var(--radius);
        background: var(--panel);
        /* The map goes on beneath it. */
        pointer-events: none;
      }
      .ghost {
        position: absolute;
        left: -100vw;
        padding: var(--s1) var(--s3);
        border: var(--hair) solid var(--accent);
        border-radius: var(--radius);
        background: var(--panel);
        white-space: nowrap;
      }
      .ol-overlay-container {
        pointer-events: none;
      }
      .pin {
        display: grid;
        justify-items: center;
        gap: 2px;
        pointer-events: auto;
      }
      .ol-layer canvas {
        display: block;
      }
    `,
  ];

  @property({ attribute: false }) data: MapData = NO_DATA;
  @property({ attribute: false }) fences: ReadonlyMap<string, FenceRow> = new Map();
  /** Where to look; null for the whole county. Changing it moves the view there once. */
  @property({ attribute: false }) focusOn: Place | null = null;
  /** What should be in view together with it: those who are on their way there. */
  @property({ attribute: false }) around: readonly { readonly lat: number; readonly lon: number }[] = [];
  /** A place being picked or proposed, shown with its uncertainty. */
  @property({ attribute: false }) mark: Place | null = null;
  /** What a camera looks at: a sector from where it stands. */
  @property({ attribute: false }) view: Sector | null = null;
  /** What stands on the map for a while, a piece of page each. */
  @property({ attribute: false }) pins: readonly Pin[] = [];
  /** Lines and areas over the base. */
  @property({ attribute: false }) paths: readonly MapPath[] = [];
  @property({ type: Boolean, reflect: true }) picking = false;
  /** Moved by keys, and not pressed since: only then Enter is meant for the map. */
  @property({ type: Boolean, reflect: true }) steered = false;
  /** The corners of areas among the paths can be dragged; tells `reshape` with those that there are then. */
  @property({ type: Boolean }) reshaping = false;
  /** What is to be picked, in words; the usual ones where left out. */
  @property() pickText = "";
  /** Without buttons and gestures: the wall has no mouse. */
  @property({ type: Boolean }) still = false;
  @property({ type: Number }) scale = 1;
  @state() private failed = false;
  /** The site has no base map: symbols stand on nothing, and that is no fault of the map. */
  @state() private bare = false;
  private picked_ms = -Infinity;
  /** The camera under the pointer, which a drag would take. */
  private taken = "";
  @query(".ghost") private ghost!: HTMLElement;
  @query(".map") private target!: HTMLElement;
  private map: OlMap | null = null;
  private standing: Pins | null = null;
  private base: Base | null = null;
  private readonly symbols = new SymbolsLayer();
  private readonly fenceSource = new VectorSource();
  private readonly markSource = new VectorSource();
  private readonly pathSource = new VectorSource();
  /** It has the focus by a press. */
  private pointed = false;
  private readonly reshape = new Reshaping((corners) => this.tell<readonly Corner[]>("reshape", corners));
  /** The language in which the base map's names were written. */
  private named = language();

  protected override firstUpdated(): void {
    this.base = makeBase(this.scale);
    this.symbols.scale = this.scale;
    const image = (source: VectorSource): VectorImageLayer =>
      new VectorImageLayer({ source, imageRatio: 1.4, declutter: true, style: (feature, resolution) => (feature.get(resolution * this.scale < FENCE_NAMES_M ? "look" : "far") ?? feature.get("look")) as Style });
    this.map = new OlMap({
      target: this.target,
      layers: [...this.base.layers, image(this.fenceSource), image(this.pathSource), image(this.markSource), this.symbols],
      controls: controls({ attribution: false, zoom: false, rotate: false }),
      interactions: this.still ? [] : this.gestures(),
      view: new View({ center: fromLonLat([...FALLBACK_CENTRE]), zoom: 10, minZoom: 8, maxZoom: 18, constrainRotation: true }),
    });
    this.standing = new Pins(this.map);
    this.map.on("click", (event) => this.onClick(event.pixel as [number, number], event.coordinate as [number, number]));
    // Two places picked one soon after the other are no double click that zooms.
    this.map.on("dblclick", () => performance.now() - this.picked_ms > PICKED_MS);
    this.map.on("pointermove", (event) => {
      if (event.dragging || this.picking) return;
      const [x = 0, y = 0] = event.pixel;
      const over = this.symbols.at(x, y);
      this.target.style.cursor = over === null ? "" : "pointer";
      // A camera can be dragged off the map, onto a screen; anywhere else a drag moves the map.
      this.taken = over?.table === "cameras" ? over.id : "";
      this.target.draggable = this.taken !== "";
    });
    this.base.ready.then(
      () => {
        this.bare = this.base?.boundary.isEmpty() ?? true;
        this.look(false);
      },
      () => (this.failed = true),
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.map?.setTarget(undefined);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (this.named !== language()) {
      this.named = language();
      void this.base?.rename();
    }
    if (changed.has("data")) {
      this.symbols.symbols = symbolsOf(this.data);
      this.symbols.ways = waysOf(this.data);
      this.symbols.refresh();
    }
    if (changed.has("scale")) {
      this.symbols.scale = this.scale;
      this.symbols.changed();
    }
    if (changed.has("fences")) this.drawFences();
    if (changed.has("paths")) {
      this.pathSource.clear(true);
      const features = this.paths.flatMap((path) => featuresOf(path, this.scale));
      this.pathSource.addFeatures(features);
      this.reshape.show(this.reshaping ? features : []);
    }
    if (changed.has("pins")) this.standing?.show(this.pins);
    if (changed.has("mark") || changed.has("view")) this.drawMark();
    const elsewhere = changed.has("focusOn") && !samePlace(changed.get("focusOn") ?? null, this.focusOn);
    // Positions may come after the situation that they belong to.
    const found = changed.has("around") && this.around.length > 0 && changed.get("around")?.length === 0;
    if (elsewhere || found) this.look(true);
  }

  override render(): TemplateResult {
    return html`<div class="map" @dragstart=${this.onDragStart} @keydown=${this.onMapKey} @focus=${this.onMapFocus} @blur=${this.onMapBlur} @pointerdown=${this.onMapPressed} tabindex=${this.still ? -1 : 0} role="application" aria-label=${t("map.home")}></div>
      <span class="ghost" aria-hidden="true"></span>
      ${this.picking ? html`<p class="picking" role="status">${this.pickText || t("map.pick")}</p>` : nothing}
      ${this.still
        ? nothing
        : html`<div class="tools">
            <button aria-label=${t("map.zoom_in")} title=${t("map.zoom_in")} @click=${() => this.zoom(1)}>${icon("plus")}</button>
            <button aria-label=${t("map.zoom_out")} title=${t("map.zoom_out")} @click=${() => this.zoom(-1)}>${icon("minus")}</button>
            <button aria-label=${t("map.home")} title=${t("map.home")} @click=${() => this.home(true)}>${icon("house")}</button>
          </div>`}
      <p class="note">${t(this.failed ? "map.failed" : this.bare ? "map.bare" : "map.attribution")}</p>`;
  }

  /** Show the whole county. */
  home(animated: boolean): void {
    const extent = this.base?.boundary.getExtent();
    if (extent === undefined || extent === null || !Number.isFinite(extent[0])) return;
    const edge = 16 * this.scale;
    this.map?.getView().fit(extent, { padding: [edge, edge, edge, edge], duration: animated ? this.motion() : 0 });
  }

  private look(animated: boolean): void {
    if (this.focusOn === null) {
      this.home(animated);
      return;
    }
    const points = [this.focusOn, ...this.around].map(({ lon, lat }) => fromLonLat([lon, lat]));
    const edge = 60 * this.scale;
    const duration = animated ? this.motion() : 0;
    this.map?.getView().fit(boundingExtent(points), { padding: [edge, edge, edge, edge], maxZoom: 13.8 + Math.log2(this.scale), duration });
  }

  private motion(): number {
    return matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150;
  }

  private zoom(by: number): void {
    this.map?.getView().adjustZoom(by);
  }

  private onClick(pixel: [number, number], coordinate: [number, number]): void {
    if (this.picking) {
      this.picked_ms = performance.now();
      this.pick(coordinate);
      return;
    }
    const pressed = this.symbols.at(...pixel);
    if (pressed !== null) this.tell<Pressed>("press", pressed);
  }

  /** Arrows move the map, + and - zoom (OpenLayers); Enter picks what is in the middle, while a cross stands there. */
  private onMapKey(event: KeyboardEvent): void {
    if (/^Arrow|^[+-]$/.test(event.key)) this.steered = true;
    const centre = this.map?.getView().getCenter();
    if (!this.picking || event.key !== "Enter" || centre === undefined || !this.steered) return;
    event.preventDefault();
    this.pick(centre as [number, number]);
    this.tell("entered", null);
  }

  private onMapFocus(): void {
    this.steered = !this.pointed;
  }

  private onMapBlur(): void {
    this.pointed = this.steered = false;
  }

  private onMapPressed(): void {
    this.pointed = true;
    this.steered = false;
  }

  private pick(coordinate: [number, number]): void {
    const [lon = 0, lat = 0] = toLonLat(coordinate);
    this.tell<Picked>("pick", { lat: round(lat), lon: round(lon), near: this.nearest(coordinate) });
  }

  private gestures(): ReturnType<typeof interactions> {
    const pan = new DragPan({ kinetic: new Kinetic(-0.005, 0.05, 100), condition: () => this.taken === "" });
    return interactions({ altShiftDragRotate: false, pinchRotate: false, dragPan: false }).extend([pan, this.reshape.interaction]);
  }

  private onDragStart(event: DragEvent): void {
    event.dataTransfer?.setData(CAMERA_TYPE, this.taken);
    // Without a picture of its own the whole map would hang on the pointer.
    this.ghost.textContent = this.data.cameras.get(this.taken)?.name ?? "";
    event.dataTransfer?.setDragImage(this.ghost, -12, -12);
  }

  private nearest(coordinate: [number, number]): string {
    const source = this.base?.layers[2]?.getSource();
    const feature = source?.getClosestFeatureToCoordinate(coordinate);
    return feature == null ? "" : nameOf(feature);
  }

  private drawFences(): void {
    this.fenceSource.clear(true);
    for (const fence of this.fences.values()) {
      const ring = fence.ring.map(([lon, lat]) => fromLonLat([lon, lat]));
      const feature = new Feature(new Polygon([[...ring, ...ring.slice(0, 1)]]));
      feature.set("look", fenceStyle(fence, this.scale, true));
      feature.set("far", fenceStyle(fence, this.scale, false));
      this.fenceSource.addFeature(feature);
    }
  }

  private drawMark(): void {
    this.markSource.clear(true);
    if (this.view !== null) this.markSource.addFeature(sectorOf(this.view, this.scale));
    if (this.mark === null) return;
    const centre = fromLonLat([this.mark.lon, this.mark.lat]);
    const cross = new Feature(new Point(centre));
    const stroke = new Stroke({ color: ACCENT, width: 2.5 * this.scale });
    cross.set("look", new Style({ image: new Circle({ radius: 9 * this.scale, stroke, fill: new Fill({ color: "rgb(76 194 224 / 25%)" }), declutterMode: "none" }) }));
    this.markSource.addFeature(cross);
    const radius_m = this.mark.uncertainty_m ?? 0;
    if (radius_m <= 0) return;
    const resolution = getPointResolution("EPSG:3857", 1, centre);
    const around = new Feature(new CircleGeometry(centre, radius_m / resolution));
    around.set("look", new Style({ stroke: new Stroke({ color: ACCENT, width: this.scale, lineDash: [4, 4] }) }));
    this.markSource.addFeature(around);
  }
}

function fenceStyle(fence: FenceRow, scale: number, named: boolean): Style {
  const forbidden = fence.kind === "forbidden";
  return new Style({
    fill: new Fill({ color: forbidden ? "rgb(230 236 243 / 7%)" : "rgb(76 194 224 / 1.5%)" }),
    stroke: new Stroke({
      color: forbidden ? "#A9B5C3" : "#2C4A56",
      width: (forbidden ? 1.6 : 1) * scale,
      lineDash: forbidden ? [3 * scale, 3 * scale] : [8 * scale, 5 * scale],
    }),
    text: new Text({
      text: named ? fence.name : "",
      font: `${11 * scale}px ${FONT}`,
      fill: new Fill({ color: forbidden ? "#A9B5C3" : "#54707C" }),
    }),
  });
}

function round(degrees: number): number {
  return Math.round(degrees * 1e6) / 1e6;
}

function samePlace(a: Place | null, b: Place | null): boolean {
  return a === b || (a !== null && b !== null && a.lat === b.lat && a.lon === b.lon);
}

declare global {
  interface HTMLElementTagNameMap {
    "t-map": CountyMap;
  }
}
