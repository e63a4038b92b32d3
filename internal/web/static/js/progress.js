// Long jobs: <div id="job" data-refresh="/address">. The address answers with a
// piece of HTML that holds the same element anew, with data-refresh as long as
// the job runs. A page without scripts loads itself again (Page.Refresh).
{
  const watch = (id) => setTimeout(async () => {
    const old = document.getElementById(id)
    if (!old || !old.dataset.refresh) return
    try {
      const answer = await fetch(old.dataset.refresh, { headers: { Accept: "text/html" } })
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html")
        const fresh = page.getElementById(id)
        if (fresh) old.replaceWith(fresh)
        if (fresh && !fresh.dataset.refresh && fresh.dataset.next) { location.assign(fresh.dataset.next); return }
      }
    } catch { /* the network is away: ask again */ }
    watch(id)
  }, document.hidden ? 5000 : 1500)
  for (const e of document.querySelectorAll("[data-refresh]")) watch(e.id)
}
