/** WebRTC by WHEP (WebRTC-HTTP egress): one offer, one answer, pictures over UDP. */

import { problemFrom, readCookie, type Problem } from "../sync/api";
import { Carrier } from "./carrier";

const GIVE_UP_MS = 10_000;
const GATHER_MS = 1_000;

/** What browsers tell beyond the standard's `VideoFrameCallbackMetadata` (https://www.w3.org/TR/webrtc-stats). */
interface Arrival {
  readonly captureTime?: number;
  readonly receiveTime?: number;
}

export class WhepCarrier extends Carrier {
  private peer: RTCPeerConnection | null = null;
  private resource: string | null = null;

  static get present(): boolean {
    return typeof RTCPeerConnection === "function";
  }

  override open(): void {
    // A closed network has no STUN; host candidates are all there is and all that is needed.
    const peer = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" });
    this.peer = peer;
    const { receiver } = peer.addTransceiver("video", { direction: "recvonly" });
    // As live as the network lets it be; what is lost is asked for again all the same.
    if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
    peer.ontrack = (event) => {
      this.video.srcObject = event.streams[0] ?? new MediaStream([event.track]);
      // Autoplay of a muted video may still be put off in a hidden tab; it starts when the tab is seen.
      this.video.play().catch(() => undefined);
    };
    peer.onconnectionstatechange = () => {
      if (peer === this.peer && (peer.connectionState === "failed" || peer.connectionState === "closed")) this.events.lost();
    };
    void this.agree(peer);
  }

  override close(): void {
    const { peer, resource } = this;
    this.peer = null;
    this.resource = null;
    peer?.close();
    if (peer !== null) this.video.srcObject = null;
    if (resource !== null) leave(resource);
  }

  override delay_ms(metadata: VideoFrameCallbackMetadata): number | null {
    const { captureTime, receiveTime } = metadata as Arrival;
    const sent_ms = captureTime ?? receiveTime;
    return sent_ms === undefined ? null : metadata.expectedDisplayTime - sent_ms;
  }

  private async agree(peer: RTCPeerConnection): Promise<void> {
    try {
      await peer.setLocalDescription(await peer.createOffer());
      await gathered(peer);
      if (peer !== this.peer) return;
      const answer = await this.offer(peer, peer.localDescription?.sdp ?? "");
      if (peer !== this.peer) return;
      if (typeof answer === "string") {
        this.agreed();
        await peer.setRemoteDescription({ type: "answer", sdp: answer });
      } else if (answer.passing || answer.status === 404 || answer.status === 409) this.events.lost(answer.detail);
      else this.events.refused(answer);
    } catch (error) {
      // Network gone, answer unusable, or the peer closed under us: all mend themselves by trying again.
      if (peer === this.peer) this.events.lost();
      if (error instanceof RangeError || error instanceof ReferenceError) throw error;
    }
  }

  private async offer(peer: RTCPeerConnection, sdp: string): Promise<string | Problem> {
    const response = await fetch(this.path("whep"), {
      method: "POST",
      headers: { "Content-Type": "application/sdp", "X-CSRF-Token": csrf() },
      body: sdp,
      credentials: "same-origin",
      signal: AbortSignal.timeout(GIVE_UP_MS),
    });
    const text = await response.text();
    if (!response.ok) return problemFrom(response.status, text);
    const resource = response.headers.get("Location");
    // Given up meanwhile: the hub need not find that out by itself.
    if (peer !== this.peer && resource !== null) leave(resource);
    else this.resource = resource;
    return text;
  }
}

function leave(resource: string): void {
  // Politeness: the hub also notices by itself that the viewer has gone.
  fetch(resource, { method: "DELETE", headers: { "X-CSRF-Token": csrf() }, credentials: "same-origin", keepalive: true }).catch(() => undefined);
}

function csrf(): string {
  return readCookie(document.cookie, "triune_csrf") ?? "";
}

/** Wait until the addresses are known, but never long: gathering may hang on odd networks. */
function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHER_MS);
    peer.addEventListener("icegatheringstatechange", () => {
      if (peer.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    });
  });
}
