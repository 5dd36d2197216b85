/** The newest picture of a camera that can be had while it shows none, with when it was taken and where it is from. No page element here. */

import type { Key } from "../../i18n/messages";

const WHENCE = { now: "still.now", recording: "still.recording", passage: "still.passage" } as const satisfies Readonly<Record<string, Key>>;

type Whence = (typeof WHENCE)[keyof typeof WHENCE];

/** `url` is to be revoked once the picture is shown no longer. */
export interface NewestStill {
  readonly url: string;
  readonly taken_ms: number;
  /** In which words the page says where it is from. */
  readonly whence: Whence;
}

/** Null where there is none, or nobody answers. */
export async function newestStill(camera: string): Promise<NewestStill | null> {
  try {
    const answer = await fetch(`/api/v1/cameras/${encodeURIComponent(camera)}/still.jpg`);
    if (!answer.ok) return null;
    const whence = answer.headers.get("X-Triune-Whence") ?? "";
    return {
      url: URL.createObjectURL(await answer.blob()),
      taken_ms: Number(answer.headers.get("X-Triune-Taken-Ms")),
      whence: whence in WHENCE ? WHENCE[whence as keyof typeof WHENCE] : "still.now",
    };
  } catch (error) {
    if (error instanceof TypeError) return null; // the hub cannot be reached
    throw error;
  }
}
