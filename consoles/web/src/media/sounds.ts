/** The sounds of the consoles, made with Web Audio: each can be told apart with eyes closed. */

import type { Level } from "../wire";

export type SoundName = "ring" | "order" | "recall" | "sos" | `alarm${Level}`;

interface Tone {
  readonly at_s: number;
  readonly hz: number;
  readonly for_s: number;
  readonly wave: OscillatorType;
  /** Where the pitch slides to; the same when left out. */
  readonly to_hz?: number;
}

const beep = (at_s: number, hz: number, for_s: number, wave: OscillatorType = "square"): Tone => ({ at_s, hz, for_s, wave });

/** A telephone warbles, an order climbs, its recall falls, alarms beep as often as they are grave, SOS wails. */
export const TONES: Readonly<Record<SoundName, readonly Tone[]>> = {
  ring: [0, 0.1, 0.2, 0.3, 0.6, 0.7, 0.8, 0.9].map((at_s, i) => beep(at_s, i % 2 === 0 ? 1_000 : 1_250, 0.09, "sine")),
  order: [beep(0, 523, 0.16, "triangle"), beep(0.16, 659, 0.16, "triangle"), beep(0.32, 784, 0.3, "triangle")],
  recall: [beep(0, 784, 0.16, "triangle"), beep(0.16, 659, 0.16, "triangle"), beep(0.32, 523, 0.3, "triangle")],
  alarm4: [beep(0, 440, 0.25, "triangle")],
  alarm3: [beep(0, 660, 0.18), beep(0.3, 660, 0.18)],
  alarm2: [beep(0, 880, 0.14), beep(0.22, 880, 0.14), beep(0.44, 880, 0.14)],
  alarm1: [0, 0.15, 0.3, 0.6, 0.75, 0.9].map((at_s) => beep(at_s, 1_320, 0.1)),
  sos: [0, 0.7, 1.4].map((at_s) => ({ at_s, hz: 500, to_hz: 1_400, for_s: 0.65, wave: "sawtooth" as const })),
};

const STORED = "triune.sound";

export class Sounds {
  muted: boolean;
  /** 0…1 */
  volume: number;
  private context: AudioContext | null = null;
  private readonly until = new Map<SoundName, number>();

  constructor() {
    const [muted = "", volume = ""] = (localStorage.getItem(STORED) ?? "").split(" ");
    this.muted = muted === "muted";
    this.volume = volume === "" ? 0.6 : Number(volume);
  }

  /** Browsers allow sound only after a press; until then this is true and screens say so. */
  get blocked(): boolean {
    return this.context?.state !== "running";
  }

  /** Call from a key press or a click. */
  async allow(): Promise<void> {
    this.context ??= new AudioContext();
    await this.context.resume();
  }

  set(muted: boolean, volume: number): void {
    this.muted = muted;
    this.volume = Math.min(1, Math.max(0, volume));
    localStorage.setItem(STORED, `${muted ? "muted" : "on"} ${this.volume}`);
  }

  /** Play once. The same sound again while it plays is not laid over itself. */
  play(name: SoundName): void {
    const context = this.context;
    if (context === null || context.state !== "running" || this.muted) return;
    if ((this.until.get(name) ?? 0) > context.currentTime) return;
    const gain = new GainNode(context, { gain: this.volume * 0.3 });
    gain.connect(context.destination);
    let end_s = context.currentTime;
    for (const tone of TONES[name]) end_s = Math.max(end_s, this.schedule(context, gain, tone));
    this.until.set(name, end_s);
    setTimeout(() => gain.disconnect(), (end_s - context.currentTime + 0.2) * 1_000);
  }

  private schedule(context: AudioContext, out: AudioNode, tone: Tone): number {
    const start_s = context.currentTime + tone.at_s;
    const end_s = start_s + tone.for_s;
    const oscillator = new OscillatorNode(context, { type: tone.wave, frequency: tone.hz });
    if (tone.to_hz !== undefined) oscillator.frequency.linearRampToValueAtTime(tone.to_hz, end_s);
    // Soft edges: a hard start clicks and hides the pitch.
    const envelope = new GainNode(context, { gain: 0 });
    envelope.gain.setValueAtTime(0, start_s);
    envelope.gain.linearRampToValueAtTime(1, start_s + 0.01);
    envelope.gain.setValueAtTime(1, end_s - 0.02);
    envelope.gain.linearRampToValueAtTime(0, end_s);
    oscillator.connect(envelope).connect(out);
    oscillator.start(start_s);
    oscillator.stop(end_s);
    return end_s;
  }
}
