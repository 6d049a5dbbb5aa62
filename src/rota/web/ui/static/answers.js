// The page to sign in, say, when the session is over: it is not what was asked for, and not put in place.
export const isOfAnotherPage = ({ xhr, pathInfo }) =>
  new URL(xhr.responseURL).pathname !== new URL(pathInfo.finalRequestPath, location.href).pathname;

export function refuseOtherPages() {
  document.addEventListener("htmx:beforeSwap", ({ detail }) => { if (isOfAnotherPage(detail)) detail.shouldSwap = false; });
}
