/** What a request of this terminal was, in the words of its keys. Pure. */

import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { OrderRow, Request } from "../../wire";

/** Of an order with its name and when it was given: a situation may have had two. Empty for what needs no name. */
export function aboutRequest(request: Request, orders: ReadonlyMap<string, OrderRow>, titleOf: (order: OrderRow) => string, now_ms: number): string {
  const what = keyOf(request);
  const order = orders.get("order" in request ? (request.order ?? "") : "");
  return what === "" || order === undefined ? what : t("mobile.about_order", { what, title: titleOf(order), time: format.instant(order.issued_ms, now_ms) });
}

function keyOf(request: Request): string {
  switch (request.request) {
    case "step_order":
      return t(`mobile.next.${request.step}`);
    case "feed_back":
      return t("mobile.next.fed_back");
    case "refuse_order":
      return t("mobile.refuse");
    case "fix_evidence":
      return t("mobile.evidence");
    case "raise_sos":
      return "SOS";
    case "start_shift":
      return t("shift.start");
    case "end_shift":
      return t("shift.end");
    default:
      return "";
  }
}
