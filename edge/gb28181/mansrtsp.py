"""MANSRTSP (GB/T 28181 annex B): how a playback is steered, in the body of an INFO."""

from __future__ import annotations

CONTENT_TYPE = "Application/MANSRTSP"


def control(cseq: int, *, scale: float | None, pause: bool, seek_s: float | None) -> bytes:
    """Return PAUSE, or PLAY at a speed (1 is normal), from a second of the recording or from where it stands."""
    if pause:
        lines = ["PAUSE MANSRTSP/1.0", f"CSeq: {cseq}", "PauseTime: now"]
    else:
        lines = ["PLAY MANSRTSP/1.0", f"CSeq: {cseq}"]
        if scale is not None:
            lines.append(f"Scale: {scale:.6f}")
        lines.append("Range: npt=now-" if seek_s is None else f"Range: npt={seek_s:.3f}-")
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii")
