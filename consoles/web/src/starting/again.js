// The page came and not all that it needs: asks until the hub answers, then loads it anew. A script of its own, since any other may be the one that is missing.
const FIRST_MS = 2_000;
const MOST_MS = 8_000;
/** What hangs for so long does not come; what came meanwhile is kept by the browser. */
const LONGEST_MS = 60_000;
const ANSWER_MS = 10_000;
const TRIES = "triune.starting";

/** The words of `words.html` stand until a page puts its element in their place; its colours are those of `tokens.css`. */
function whole() {
  const coloured = getComputedStyle(document.documentElement).getPropertyValue("--page") !== "";
  return coloured && document.getElementById("starting") === null;
}

/** Not all at once, where a hub starts again under a thousand pages. */
function later(tried) {
  setTimeout(() => void again(tried), Math.min(FIRST_MS * 2 ** tried, MOST_MS) * (0.5 + Math.random() / 2));
}

async function again(tried) {
  if (whole()) sessionStorage.removeItem(TRIES);
  else if (await answers()) {
    sessionStorage.setItem(TRIES, String(tried + 1));
    location.reload();
  } else later(tried + 1);
}

/** Loaded anew without an answer, this page would give way to one of the browser's own, which may stay. */
async function answers() {
  try {
    return (await fetch(location.href, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) })).ok;
  } catch {
    return false;
  }
}

/** At once, not after the time that a page may take: nor does it go and come with each try. */
function tell() {
  document.documentElement.dataset.starting = "again";
}

function look() {
  clearTimeout(longest);
  if (!whole()) tell();
  later(tries);
}

const tries = Number(sessionStorage.getItem(TRIES));
if (tries > 0) tell();
const longest = setTimeout(look, LONGEST_MS);
addEventListener("load", look, { once: true });
