/**
 * All moving and pressable symbols of the map on one canvas: cameras, stations, units, situations, alarms. Sprites are blitted in one
 * pass each frame; what was drawn where is kept for finding what was pressed.
 */

import type { FrameState } from "ol/Map";
import Layer from "ol/layer/Layer";
import { apply } from "ol/transform";
import ViewHint from "ol/ViewHint";
import { ACCENT, TEXT, TEXT_2 } from "../components/shapes";
import { labelSprite } from "./sprites";

/** One symbol; `point` is in map units (EPSG:3857). */
export interface Symbol {
  readonly table: "cameras" | "stations" | "units" | "situations" | "alarms";
  readonly id: string;
  readonly point: readonly [number, number];
  readonly size: number;
  readonly label: string;
  sprite(size_px: number): HTMLCanvasElement;
  readonly chosen: boolean;
  /** Blinks once a second (never text, never the symbol itself). */
  readonly badge: ((size_px: number) => HTMLCanvasElement) | null;
  /** May be drawn as one with its like nearby, while far out. */
  readonly groups: boolean;
  /** Its label is drawn from this zoom on. */
  readonly labelZoom: number;
  /** How many lie on its very point, told of the one on top; 1 where it lies there alone or beneath another. */
  readonly stacked: number;
}

export interface Pressed {
  readonly table: Symbol["table"];
  readonly id: string;
}

/** A line from one point to another (a unit on its way), dashed. */
export interface Way {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  readonly colour: string;
}

interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly symbol: Symbol;
}

/** What stands under a symbol: its name where there is room for one, and how many it stands for. */
export function labelOf({ label, labelZoom, chosen, stacked }: Pick<Symbol, "label" | "labelZoom" | "chosen" | "stacked">, zoom: number, count: number): string {
  if (count > 1) return String(count);
  if (zoom >= labelZoom || chosen) return stacked > 1 ? `${label} +${stacked - 1}` : label;
  return stacked > 1 ? String(stacked) : "";
}

/** Weightier names first; of alike ones that of the symbol drawn last, which lies on top. */
export function weightiestFirst<L extends { readonly symbol: Pick<Symbol, "chosen" | "groups" | "table"> }>(labels: readonly L[]): L[] {
  const weight = ({ symbol }: L): number => (symbol.chosen ? 0 : symbol.groups ? 3 : symbol.table === "situations" ? 1 : 2);
  return [...labels].reverse().sort((a, b) => weight(a) - weight(b));
}

const MOST_LABELS = 300;
const GROUP_UNTIL_ZOOM = 12.5;
const BLINK_MS = 1_000;

export class SymbolsLayer extends Layer {
  symbols: readonly Symbol[] = [];
  ways: readonly Way[] = [];
  scale = 1;
  private readonly canvas = document.createElement("canvas");
  private drawn: { readonly x: number; readonly y: number; readonly r: number; readonly symbol: Symbol }[] = [];
  private frame: FrameState | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly still = matchMedia("(prefers-reduced-motion: reduce)");

  constructor() {
    super({});
    this.canvas.style.position = "absolute";
    this.canvas.style.inset = "0";
    this.canvas.style.width = "100%";
    this.canvas.style.height = "100%";
    this.canvas.style.pointerEvents = "none";
  }

  override render(frame: FrameState | null): HTMLElement {
    if (frame !== null) {
      this.frame = frame;
      this.draw(frame);
    }
    return this.canvas;
  }

  /** Symbols have changed and the view has not: only this canvas is drawn anew, the map beneath stays as it is. */
  refresh(): void {
    if (this.frame === null) this.changed();
    else this.draw(this.frame);
  }

  private draw(frame: FrameState): void {
    const context = this.canvas.getContext("2d");
    if (context === null) return;
    const ratio = frame.pixelRatio;
    const [width = 0, height = 0] = frame.size;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.drawn = [];
    this.paint(context, frame, ratio);
  }

  /** What lies under a CSS pixel of the map: the nearest symbol within reach of a finger. */
  at(x: number, y: number): Pressed | null {
    let best: Symbol | null = null;
    let least = Infinity;
    for (const item of this.drawn) {
      const distance = Math.hypot(item.x - x, item.y - y);
      if (distance <= item.r && distance <= least) [best, least] = [item.symbol, distance];
    }
    return best === null ? null : { table: best.table, id: best.id };
  }

  private paint(c: CanvasRenderingContext2D, frame: FrameState, ratio: number): void {
    // At twice the scale the same picture stands one zoom level higher.
    const zoom = frame.viewState.zoom - Math.log2(this.scale);
    const moving = (frame.viewHints[ViewHint.ANIMATING] ?? 0) > 0 || (frame.viewHints[ViewHint.INTERACTING] ?? 0) > 0;
    const blinkOn = this.still.matches || Math.floor(performance.now() / (BLINK_MS / 2)) % 2 === 0;
    const labels: Label[] = [];
    let blinks = false;
    this.paintWays(c, frame, ratio);
    for (const { symbol, x, y, count } of this.grouped(frame, zoom)) {
      const size_px = Math.round(symbol.size * this.scale * ratio * (count > 1 ? 1.15 : 1));
      const [px, py] = [Math.round(x * ratio), Math.round(y * ratio)];
      if (symbol.chosen) this.ring(c, px, py, size_px * 0.68, ratio);
      c.drawImage(symbol.sprite(size_px), px - size_px / 2, py - size_px / 2);
      this.drawn.push({ x, y, r: Math.max(14, (size_px / ratio) * 0.7), symbol });
      if (symbol.badge !== null) {
        blinks = true;
        const badge = symbol.badge(Math.round(size_px * 0.85));
        if (blinkOn) c.drawImage(badge, px + size_px * 0.25, py - size_px * 0.85);
      }
      const text = labelOf(symbol, zoom, count);
      if (text !== "" && !(moving && count === 1)) labels.push({ text, x: px, y: py + size_px * 0.5, symbol });
    }
    this.paintLabels(c, labels, ratio);
    if (blinks && !this.still.matches) this.wake();
  }

  /** Like symbols that would overlap are drawn as one with their number, while the whole county is in view. */
  private *grouped(frame: FrameState, zoom: number): Generator<{ symbol: Symbol; x: number; y: number; count: number }> {
    const [width = 0, height = 0] = frame.size;
    const cell = 26 * this.scale;
    const groups = new Map<string, { symbol: Symbol; x: number; y: number; count: number }>();
    const single: { symbol: Symbol; x: number; y: number; count: number }[] = [];
    const margin = 40 * this.scale;
    for (const symbol of this.symbols) {
      const [x = 0, y = 0] = apply(frame.coordinateToPixelTransform, [...symbol.point]);
      if (x < -margin || y < -margin || x > width + margin || y > height + margin) continue;
      if (zoom >= GROUP_UNTIL_ZOOM || !symbol.groups || symbol.chosen || symbol.badge !== null) {
        single.push({ symbol, x, y, count: 1 });
        continue;
      }
      const key = `${symbol.table}:${Math.round(x / cell)}:${Math.round(y / cell)}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { symbol, x, y, count: 1 });
      else group.count += 1;
    }
    yield* groups.values();
    yield* single;
  }

  private paintWays(c: CanvasRenderingContext2D, frame: FrameState, ratio: number): void {
    c.setLineDash([6 * ratio * this.scale, 5 * ratio * this.scale]);
    c.lineWidth = 1.6 * ratio * this.scale;
    for (const way of this.ways) {
      const [x0 = 0, y0 = 0] = apply(frame.coordinateToPixelTransform, [...way.from]);
      const [x1 = 0, y1 = 0] = apply(frame.coordinateToPixelTransform, [...way.to]);
      c.strokeStyle = way.colour;
      c.beginPath();
      c.moveTo(x0 * ratio, y0 * ratio);
      c.lineTo(x1 * ratio, y1 * ratio);
      c.stroke();
    }
    c.setLineDash([]);
  }

  private ring(c: CanvasRenderingContext2D, x: number, y: number, r: number, ratio: number): void {
    c.beginPath();
    c.arc(x, y, r, 0, Math.PI * 2);
    c.strokeStyle = ACCENT;
    c.lineWidth = 2.5 * ratio * this.scale;
    c.stroke();
  }

  /** One that would lie on another is left out until there is room. */
  private paintLabels(c: CanvasRenderingContext2D, labels: Label[], ratio: number): void {
    const taken: (readonly [number, number, number, number])[] = [];
    for (const label of weightiestFirst(labels).slice(0, MOST_LABELS)) {
      const { chosen } = label.symbol;
      const font = `${chosen ? 650 : 450} ${Math.round(12 * this.scale * ratio)}px "Noto Sans SC Variable", "Noto Sans CJK SC", sans-serif`;
      const image = labelSprite(label.text, font, chosen ? TEXT : TEXT_2);
      const left = Math.round(label.x - image.width / 2);
      const top = Math.round(label.y);
      const box = [left, top, left + image.width, top + image.height * 0.8] as const;
      if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
      taken.push(box);
      c.drawImage(image, left, top);
    }
  }

  private wake(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.refresh();
    }, BLINK_MS / 2);
  }
}
