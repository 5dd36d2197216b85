/** The codec string (RFC 6381) of an fMP4 initialization segment, which a browser wants before it takes any of it. Pure. */

/** `avc1.64001F`, `hvc1.1.6.L93.B0`; null where the segment holds neither H.264 nor H.265. */
export function codecOf(init: Uint8Array): string | null {
  const avc = find(init, "avcC");
  if (avc !== null) return `avc1.${[1, 2, 3].map((i) => hex(avc[i] ?? 0)).join("")}`;
  const hevc = find(init, "hvcC");
  return hevc === null ? null : hevcCodec(hevc);
}

/** ISO/IEC 14496-15, annex E: profile, compatibility (bits reversed), tier and level, constraints without trailing zeros. */
function hevcCodec(box: Uint8Array): string {
  const first = box[1] ?? 0;
  const space = ["", "A", "B", "C"][first >> 6] ?? "";
  let flags = 0;
  for (let bit = 0; bit < 32; bit += 1) if (((box[2 + (bit >> 3)] ?? 0) >> (7 - (bit & 7))) & 1) flags |= 1 << bit;
  const constraints = [...box.subarray(6, 12)];
  while (constraints.length > 1 && constraints.at(-1) === 0) constraints.pop();
  const tier = (first >> 5) & 1 ? "H" : "L";
  return [`hvc1.${space}${first & 31}`, (flags >>> 0).toString(16).toUpperCase(), `${tier}${box[12] ?? 0}`, ...constraints.map((byte) => byte.toString(16).toUpperCase())].join(".");
}

/** What is inside of the first box of a kind; boxes lie within boxes, and their names are found by looking. */
function find(data: Uint8Array, kind: string): Uint8Array | null {
  const name = [...kind].map((letter) => letter.charCodeAt(0));
  for (let at = 4; at + 4 <= data.length; at += 1) {
    if (!name.every((code, i) => data[at + i] === code)) continue;
    const size = new DataView(data.buffer, data.byteOffset).getUint32(at - 4);
    if (size >= 20 && at - 4 + size <= data.length) return data.subarray(at + 4, at - 4 + size);
  }
  return null;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0").toUpperCase();
}
