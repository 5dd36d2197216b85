/** Which camera stands on which tile of a screen. What a person put there stays; the rest comes by itself. Pure. */

export const LAYOUTS = [1, 2, 4, 6, 8, 9, 10, 13, 16] as const;
/** Five is one large over two by two: for a column that is higher than wide. */
export type Layout = (typeof LAYOUTS)[number] | 5;

export interface Slot {
  readonly camera: string;
  /** A person wants it here: nothing but a person takes it away. */
  readonly pinned: boolean;
}

export type Slots = readonly (Slot | null)[];

export function emptySlots(layout: Layout): Slots {
  return new Array<null>(layout).fill(null);
}

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** How many of the first tiles are large, and how many columns and rows each of them takes. */
  readonly large: number;
  readonly span: number;
}

/** The layouts that are no square of equal tiles. Every cell of each grid is taken, in reading order. */
const GRIDS: Partial<Record<Layout, Grid>> = {
  2: { columns: 2, rows: 1, large: 0, span: 1 },
  5: { columns: 2, rows: 4, large: 1, span: 2 },
  6: { columns: 3, rows: 3, large: 1, span: 2 },
  8: { columns: 4, rows: 4, large: 1, span: 3 },
  10: { columns: 4, rows: 4, large: 2, span: 2 },
  13: { columns: 4, rows: 4, large: 1, span: 2 },
};

export function gridOf(layout: Layout): Grid {
  const side = Math.sqrt(layout);
  return GRIDS[layout] ?? { columns: side, rows: side, large: 0, span: 1 };
}

/** Cameras come by themselves, best first. `afresh`: for another place, in their order; otherwise those that stay do not move. */
export function propose(slots: Slots, cameras: readonly string[], afresh: boolean): Slots {
  const held = new Set(slots.flatMap((slot) => (slot?.pinned ? [slot.camera] : [])));
  const room = slots.filter((slot) => !slot?.pinned).length;
  const wanted = cameras.filter((camera) => !held.has(camera)).slice(0, room);
  const stay = afresh ? new Set<string>() : new Set(slots.flatMap((slot) => (slot !== null && wanted.includes(slot.camera) ? [slot.camera] : [])));
  const coming = wanted.filter((camera) => !stay.has(camera))[Symbol.iterator]();
  return slots.map((slot) => {
    if (slot?.pinned || (slot !== null && stay.has(slot.camera))) return slot;
    const next = coming.next();
    return next.done ? null : { camera: next.value, pinned: false };
  });
}

/** A person puts a camera on a tile, or where there is room: it is pinned. Null where every tile is pinned already. */
export function put(slots: Slots, camera: string, at: number | null = null): Slots | null {
  const before = slots.findIndex((slot) => slot?.camera === camera);
  const free = slots.findIndex((slot) => slot === null);
  const target = at ?? (before >= 0 ? before : free >= 0 ? free : slots.findLastIndex((slot) => !slot?.pinned));
  if (target < 0 || target >= slots.length) return null;
  return slots.map((slot, index) => {
    if (index === target) return { camera, pinned: true };
    // It stood elsewhere: the two change places.
    return index === before ? (slots[target] ?? null) : slot;
  });
}

export function takeAway(slots: Slots, at: number): Slots {
  return slots.map((slot, index) => (index === at ? null : slot));
}

export function setPinned(slots: Slots, at: number, pinned: boolean): Slots {
  return slots.map((slot, index) => (index === at && slot !== null ? { ...slot, pinned } : slot));
}

/** What is to be seen first stands first and stays, in its order; nothing else is pinned, and moves up behind it. */
export function putFirst(slots: Slots, cameras: readonly string[]): Slots {
  const first = cameras.slice(0, slots.length).map((camera) => ({ camera, pinned: true }));
  const rest = slots.filter((slot) => slot !== null && !slot.pinned && !cameras.includes(slot.camera));
  return slots.map((_, index) => first[index] ?? rest[index - first.length] ?? null);
}

/** Another number of tiles. With fewer, pinned ones are kept before others; each keeps its order. */
export function resize(slots: Slots, layout: Layout): Slots {
  if (layout >= slots.length) return [...slots, ...new Array<null>(layout - slots.length).fill(null)];
  const order = [...slots.keys()].filter((index) => slots[index] !== null);
  const kept = order.sort((a, b) => Number(slots[b]?.pinned) - Number(slots[a]?.pinned) || a - b).slice(0, layout);
  const left = kept.sort((a, b) => a - b).map((index) => slots[index] ?? null);
  return [...left, ...new Array<null>(layout - left.length).fill(null)];
}
