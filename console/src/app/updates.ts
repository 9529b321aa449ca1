/** A console that was updated while it was open: its old parts are gone from the server. */

const MARK = "queqiao.reloaded";

/** Load the new console once; a second failure is a real one and shows as an error. */
export function reloadAfterUpdate(): void {
  window.addEventListener("vite:preloadError", (event) => {
    if (sessionStorage.getItem(MARK) === location.href) return;
    sessionStorage.setItem(MARK, location.href);
    event.preventDefault();
    location.reload();
  });
}
