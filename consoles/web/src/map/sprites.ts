/** Symbols of the map, each drawn once per size and kept as a small canvas. */

import { ACCENT, LEVEL_COLOURS, NUMERALS, PAGE, QUIET, strokeOf, TEXT, TEXT_2, UNIT_COLOURS, UNIT_SHAPES } from "../components/shapes";
import type { CameraRow, Level, UnitState } from "../wire";

/** Headings are drawn in steps; finer ones could not be told apart. */
const HEADING_STEP_DEG = 15;
const MOST_SPRITES = 1_500;

const cache = new Map<string, HTMLCanvasElement>();

/** A canvas of `size_px` square device pixels, drawn by `draw` in a box of 24 by 24 around its middle. */
function sprite(key: string, size_px: number, draw: (c: CanvasRenderingContext2D) => void): HTMLCanvasElement {
  const name = `${key}@${size_px}`;
  let canvas = cache.get(name);
  if (canvas !== undefined) return canvas;
  if (cache.size >= MOST_SPRITES) cache.clear();
  canvas = document.createElement("canvas");
  canvas.width = canvas.height = size_px;
  const context = canvas.getContext("2d");
  if (context !== null) {
    context.scale(size_px / 24, size_px / 24);
    draw(context);
  }
  cache.set(name, canvas);
  return canvas;
}

export function unitSprite(state: UnitState, heading_deg: number | null, size_px: number): HTMLCanvasElement {
  const shape = UNIT_SHAPES[state];
  const step = shape.turns && heading_deg !== null ? Math.round(heading_deg / HEADING_STEP_DEG) % (360 / HEADING_STEP_DEG) : 0;
  return sprite(`unit-${state}-${step}`, size_px, (c) => {
    c.translate(12, 12);
    c.rotate((step * HEADING_STEP_DEG * Math.PI) / 180);
    c.translate(-12, -12);
    const path = new Path2D(shape.path);
    const stroke = strokeOf(state);
    // A dark rim keeps the shape apart from roads and from its neighbours.
    c.strokeStyle = PAGE;
    c.lineWidth = stroke.width + 3;
    c.lineJoin = "round";
    c.stroke(path);
    if (shape.filled) {
      c.fillStyle = UNIT_COLOURS[state];
      c.fill(path);
    } else {
      c.strokeStyle = UNIT_COLOURS[state];
      c.lineWidth = stroke.width;
      c.setLineDash([...stroke.dash]);
      c.stroke(path);
    }
  });
}

export function situationSprite(level: Level, size_px: number): HTMLCanvasElement {
  return sprite(`situation-${level}`, size_px, (c) => {
    const path = new Path2D("M12 1.5L22.5 12L12 22.5L1.5 12Z");
    c.strokeStyle = PAGE;
    c.lineWidth = 2;
    c.stroke(path);
    c.fillStyle = LEVEL_COLOURS[level];
    c.fill(path);
    c.fillStyle = PAGE;
    c.font = "800 9px sans-serif";
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillText(NUMERALS[level], 12, 12.5);
  });
}

export function cameraSprite(state: CameraRow["state"], used: boolean, size_px: number): HTMLCanvasElement {
  return sprite(`camera-${state}-${String(used)}`, size_px, (c) => {
    const path = new Path2D("M4 8H14V16H4ZM14 11L20 8V16L14 13Z");
    c.strokeStyle = PAGE;
    c.lineWidth = 3;
    c.stroke(path);
    c.lineWidth = 1.5;
    c.strokeStyle = used ? ACCENT : TEXT_2;
    c.fillStyle = used ? ACCENT : state === "up" ? TEXT_2 : PAGE;
    if (state !== "up") c.setLineDash([2, 1.5]);
    c.fill(path);
    c.stroke(path);
    if (state === "down") {
      c.setLineDash([]);
      c.beginPath();
      c.moveTo(5, 19);
      c.lineTo(19, 5);
      c.stroke();
    }
  });
}

export function stationSprite(size_px: number): HTMLCanvasElement {
  return sprite("station", size_px, (c) => {
    const path = new Path2D("M5 20V10L12 4L19 10V20Z");
    c.strokeStyle = PAGE;
    c.lineWidth = 3;
    c.stroke(path);
    c.strokeStyle = QUIET;
    c.lineWidth = 1.6;
    c.stroke(path);
  });
}

/** A triangle with a mark: something is wrong with what it hangs on. */
export function alarmSprite(sos: boolean, size_px: number): HTMLCanvasElement {
  return sprite(`alarm-${String(sos)}`, size_px, (c) => {
    const path = new Path2D("M12 3L22 20H2Z");
    c.strokeStyle = PAGE;
    c.lineWidth = 3;
    c.stroke(path);
    c.fillStyle = TEXT;
    c.fill(path);
    c.fillStyle = PAGE;
    c.font = `800 ${sos ? 7 : 12}px sans-serif`;
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillText(sos ? "SOS" : "!", 12, 15);
  });
}

/** Text with a dark rim, drawn once: names of units and places under their symbols. */
export function labelSprite(text: string, font: string, colour: string): HTMLCanvasElement {
  const key = `label-${font}-${colour}-${text}`;
  let canvas = cache.get(key);
  if (canvas !== undefined) return canvas;
  if (cache.size >= MOST_SPRITES) cache.clear();
  canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  if (context === null) return canvas;
  context.font = font;
  const size = Number.parseFloat(font.match(/([\d.]+)px/)?.[1] ?? "12");
  canvas.width = Math.ceil(context.measureText(text).width + size * 0.5);
  canvas.height = Math.ceil(size * 1.5);
  context.font = font;
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.strokeStyle = PAGE;
  context.lineWidth = size * 0.28;
  context.strokeText(text, size * 0.25, canvas.height / 2);
  context.fillStyle = colour;
  context.fillText(text, size * 0.25, canvas.height / 2);
  cache.set(key, canvas);
  return canvas;
}
