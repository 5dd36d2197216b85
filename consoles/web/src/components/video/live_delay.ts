/** How old the newest picture of a live stream is, and how long pictures take from the hub to this screen. */

/** What browsers tell of a picture that came over WebRTC (https://www.w3.org/TR/webrtc-stats; not in every browser). */
interface Arrival {
  readonly captureTime?: number;
  readonly receiveTime?: number;
  readonly expectedDisplayTime: number;
}

/** Of how many past pictures a new one's delay counts as much as all before it: a number that people read must not dance. */
const SMOOTH = 12;

export class LiveDelay {
  /** From sending (or, where that is not told, arriving) to being shown; null where the browser does not say. */
  delay_ms: number | null = null;
  private video: HTMLVideoElement | null = null;
  private handle = 0;
  private picture_ms = 0;

  watch(video: HTMLVideoElement): void {
    this.stop();
    this.video = video;
    this.picture_ms = performance.now();
    this.next(video);
  }

  stop(): void {
    this.video?.cancelVideoFrameCallback(this.handle);
    this.video = null;
    this.delay_ms = null;
  }

  /** Since the newest picture was shown. */
  age_ms(): number {
    return performance.now() - this.picture_ms;
  }

  private next(video: HTMLVideoElement): void {
    this.handle = video.requestVideoFrameCallback((now_ms, metadata) => {
      this.picture_ms = now_ms;
      const delay_ms = delayOf(metadata);
      if (delay_ms !== null) this.delay_ms = this.delay_ms === null ? delay_ms : this.delay_ms + (delay_ms - this.delay_ms) / SMOOTH;
      if (video === this.video) this.next(video);
    });
  }
}

export function delayOf({ captureTime, receiveTime, expectedDisplayTime }: Arrival): number | null {
  const sent_ms = captureTime ?? receiveTime;
  if (sent_ms === undefined) return null;
  const delay_ms = expectedDisplayTime - sent_ms;
  // Clocks of two machines that were not yet matched give nonsense.
  return delay_ms >= 0 && delay_ms < 60_000 ? delay_ms : null;
}
