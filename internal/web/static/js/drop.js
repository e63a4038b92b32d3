// Drop zones: <div class="drop"><input type="file"></div>. The input works by
// itself; here files may be dropped anywhere in the zone.
for (const zone of document.querySelectorAll(".drop")) {
  const input = zone.querySelector("input[type=file]")
  for (const type of ["dragenter", "dragover"]) zone.addEventListener(type, (e) => { e.preventDefault(); zone.classList.add("over") })
  for (const type of ["dragleave", "drop"]) zone.addEventListener(type, () => zone.classList.remove("over"))
  zone.addEventListener("drop", (e) => {
    e.preventDefault()
    if (!e.dataTransfer.files.length) return
    input.files = e.dataTransfer.files
    input.dispatchEvent(new Event("change", { bubbles: true }))
  })
  input.addEventListener("change", () => zone.classList.toggle("has", input.files.length > 0))
}
