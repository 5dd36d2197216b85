/** Digital zoom: which part of a picture fills its tile. Pure; lengths are shares of the tile, 0…1. */

export interface Zoom {
  /** How many times larger, 1…8. */
  readonly times: number;
  /** Where the left and upper edge of the enlarged picture lie, 0 or less. */
  readonly x: number;
  readonly y: number;
}

export const WHOLE: Zoom = { times: 1, x: 0, y: 0 };
export const MOST_TIMES = 8;

/** Enlarge (or shrink) about a point, which stays where it is. */
export function zoomAt(zoom: Zoom, px: number, py: number, factor: number): Zoom {
  const times = Math.min(MOST_TIMES, Math.max(1, zoom.times * factor));
  const ratio = times / zoom.times;
  return within({ times, x: px - (px - zoom.x) * ratio, y: py - (py - zoom.y) * ratio });
}

export function moveBy(zoom: Zoom, dx: number, dy: number): Zoom {
  return within({ ...zoom, x: zoom.x + dx, y: zoom.y + dy });
}

/** How far an arrow key moves the view. */
const STEP = 0.1;

/** What a key makes of it: + and - about the middle, arrows move the view while it is enlarged, 0 shows all; null for other keys. */
export function zoomByKey(zoom: Zoom, key: string): Zoom | null {
  if (key === "+" || key === "=") return zoomAt(zoom, 0.5, 0.5, 1.25);
  if (key === "-") return zoomAt(zoom, 0.5, 0.5, 0.8);
  if (zoom.times === 1) return null;
  switch (key) {
    case "0":
      return WHOLE;
    case "ArrowLeft":
      return moveBy(zoom, STEP, 0);
    case "ArrowRight":
      return moveBy(zoom, -STEP, 0);
    case "ArrowUp":
      return moveBy(zoom, 0, STEP);
    case "ArrowDown":
      return moveBy(zoom, 0, -STEP);
    default:
      return null;
  }
}

export function transformOf(zoom: Zoom): string {
  return zoom.times === 1 ? "none" : `translate(${zoom.x * 100}%, ${zoom.y * 100}%) scale(${zoom.times})`;
}

/** No edge of the picture comes inside of the tile. */
function within({ times, x, y }: Zoom): Zoom {
  const clamp = (at: number): number => Math.min(0, Math.max(1 - times, at));
  return { times, x: clamp(x), y: clamp(y) };
}
