// Menus are <details class="menu">; here they also close by Escape, by a click
// elsewhere, and when another opens.
{
  const open = () => document.querySelectorAll(".menu[open]")
  document.addEventListener("click", (e) => { for (const m of open()) if (!m.contains(e.target)) m.open = false })
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return
    for (const m of open()) { m.open = false; m.querySelector("summary").focus() }
  })
  // On telephones the areas of the console, and tabs, scroll sideways.
  for (const e of document.querySelectorAll(".side > nav [aria-current], .tabs [aria-current]")) e.parentElement.scrollLeft = e.offsetLeft - (e.parentElement.clientWidth - e.offsetWidth) / 2
  // A page that only offers to be printed needs a script for that alone.
  for (const b of document.querySelectorAll("[data-print]")) { b.hidden = false; b.addEventListener("click", () => print()) }
}
