// Tooltips: what a mark's <title> or a cell's title says, at once and for fingers too. Without this script the browser
// shows the same on hovering.
(function () {
  var tip = document.getElementById("tip");
  document.querySelectorAll("svg title").forEach(function (t) {
    t.parentNode.setAttribute("data-tip", t.textContent);
    t.parentNode.setAttribute("aria-label", t.textContent);
    t.remove();
  });
  document.querySelectorAll("td[title]").forEach(function (c) {
    c.setAttribute("data-tip", c.title);
    c.removeAttribute("title");
  });
  function show(e) {
    var at = e.target.closest ? e.target.closest("[data-tip]") : null;
    if (!at) { tip.hidden = true; return; }
    tip.textContent = at.getAttribute("data-tip");
    tip.hidden = false;
    var x = Math.min(Math.max(8, e.clientX + 14), innerWidth - tip.offsetWidth - 8);
    var y = e.clientY + 18;
    if (y + tip.offsetHeight > innerHeight - 8) y = Math.max(8, e.clientY - tip.offsetHeight - 12);
    tip.style.left = x + "px";
    tip.style.top = y + "px";
  }
  document.addEventListener("pointermove", show);
  document.addEventListener("pointerdown", show);
  addEventListener("scroll", function () { tip.hidden = true; }, { passive: true });
})();
