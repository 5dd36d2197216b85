/** The icons that the pages use, from lucide, drawn in the colour and size of the text beside them. */

import { html, type TemplateResult } from "lit";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import alert from "lucide-static/icons/triangle-alert.svg?raw";
import ban from "lucide-static/icons/ban.svg?raw";
import bell from "lucide-static/icons/bell.svg?raw";
import camera from "lucide-static/icons/camera.svg?raw";
import car from "lucide-static/icons/car.svg?raw";
import check from "lucide-static/icons/check.svg?raw";
import clock from "lucide-static/icons/clock.svg?raw";
import close from "lucide-static/icons/x.svg?raw";
import crosshair from "lucide-static/icons/crosshair.svg?raw";
import enlarge from "lucide-static/icons/maximize-2.svg?raw";
import evidence from "lucide-static/icons/file-text.svg?raw";
import down from "lucide-static/icons/chevron-down.svg?raw";
import eye from "lucide-static/icons/eye.svg?raw";
import forward from "lucide-static/icons/fast-forward.svg?raw";
import history from "lucide-static/icons/history.svg?raw";
import house from "lucide-static/icons/house.svg?raw";
import info from "lucide-static/icons/info.svg?raw";
import image from "lucide-static/icons/image.svg?raw";
import key from "lucide-static/icons/key-round.svg?raw";
import languages from "lucide-static/icons/languages.svg?raw";
import left from "lucide-static/icons/chevron-left.svg?raw";
import lock from "lucide-static/icons/lock.svg?raw";
import map from "lucide-static/icons/map.svg?raw";
import minus from "lucide-static/icons/minus.svg?raw";
import monitor from "lucide-static/icons/monitor.svg?raw";
import navigation from "lucide-static/icons/navigation.svg?raw";
import offline from "lucide-static/icons/wifi-off.svg?raw";
import orders from "lucide-static/icons/clipboard-list.svg?raw";
import pause from "lucide-static/icons/pause.svg?raw";
import phone from "lucide-static/icons/phone.svg?raw";
import phoneOff from "lucide-static/icons/phone-off.svg?raw";
import pin from "lucide-static/icons/map-pin.svg?raw";
import play from "lucide-static/icons/play.svg?raw";
import plus from "lucide-static/icons/plus.svg?raw";
import pinned from "lucide-static/icons/pin.svg?raw";
import ringing from "lucide-static/icons/phone-incoming.svg?raw";
import right from "lucide-static/icons/chevron-right.svg?raw";
import rehearsal from "lucide-static/icons/theater.svg?raw";
import search from "lucide-static/icons/search.svg?raw";
import send from "lucide-static/icons/send.svg?raw";
import settings from "lucide-static/icons/settings-2.svg?raw";
import signOut from "lucide-static/icons/log-out.svg?raw";
import siren from "lucide-static/icons/siren.svg?raw";
import smartphone from "lucide-static/icons/smartphone.svg?raw";
import sound from "lucide-static/icons/volume-2.svg?raw";
import muted from "lucide-static/icons/volume-x.svg?raw";
import tasks from "lucide-static/icons/list-checks.svg?raw";
import up from "lucide-static/icons/chevron-up.svg?raw";
import video from "lucide-static/icons/video.svg?raw";
import noVideo from "lucide-static/icons/video-off.svg?raw";

const ICONS = {
  alert, ban, bell, camera, car, check, clock, close, crosshair, down, enlarge, evidence, eye, forward, history, house, image, info, key, languages, left, lock, map,
  minus, monitor, muted, navigation, noVideo, offline, orders, pause, phone, phoneOff, pin, pinned, play, plus, rehearsal, right, ringing, search, send,
  settings, signOut, siren, smartphone, sound, tasks, up, video,
} as const;

export type IconName = keyof typeof ICONS;

/** Decoration only: whatever it means must also stand in text or in a label. */
export function icon(name: IconName): TemplateResult {
  return html`<span class="icon" aria-hidden="true">${unsafeHTML(ICONS[name].replace(/<!--.*?-->/s, ""))}</span>`;
}
