/** How large a wall's type must be: at least 4.65 mm of height for each metre of viewing distance. */

export const MM_PER_METRE = 4.65;
/** The part of the font size that a Chinese character's body fills. */
const BODY = 0.92;
/** The smallest type of the design system, px at scale 1. */
const SMALLEST_PX = 13;

export interface Room {
  readonly distance_m: number;
  readonly height_m: number;
}

/** A wall 2.2 m high seen from 8 m, until the address says otherwise: `/wall?distance=12&height=3`. */
export const USUAL_ROOM: Room = { distance_m: 8, height_m: 2.2 };

export function roomOf(search: string): Room {
  const asked = new URLSearchParams(search);
  const number = (name: string, usual: number, least: number, most: number): number => {
    const value = Number(asked.get(name) ?? usual);
    return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : usual;
  };
  return { distance_m: number("distance", USUAL_ROOM.distance_m, 1, 30), height_m: number("height", USUAL_ROOM.height_m, 0.3, 10) };
}

/** The scale at which the smallest type is as high as the rule asks; never below what a desk has. */
export function wallScale(room: Room, screen_px: number): number {
  const character_px = (MM_PER_METRE * room.distance_m * screen_px) / (room.height_m * 1_000);
  return Math.max(1, character_px / BODY / SMALLEST_PX);
}
