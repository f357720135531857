// Tooltips: what a mark's <title> or a cell's title says, at once and for fingers too. Without this script the browser
// shows the same on hovering. Then sorting the ranking by a column, and hiding an arm everywhere.
(function () {
  var tip = document.getElementById("tip");
  document.documentElement.classList.add("live");
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

  var table = document.getElementById("arms"), body = table.tBodies[0];
  function button(label, says, click) {
    var b = document.createElement("button");
    b.type = "button";
    b.textContent = label;
    b.setAttribute("aria-label", says);
    b.addEventListener("click", click);
    return b;
  }
  table.querySelectorAll("th[data-by]").forEach(function (head) {
    var by = +head.getAttribute("data-by");
    head.append(" ", button("\u2195", "sort by " + head.textContent, function () {
      var down = head.getAttribute("aria-sort") !== "descending";
      table.querySelectorAll("[aria-sort]").forEach(function (h) { h.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      function key(row) { return row.children[by].getAttribute("data-v"); }
      Array.from(body.rows).filter(function (r) { return !r.classList.contains("baseline"); }).sort(function (a, b) {
        var x = key(a), y = key(b);
        if (x === "" || y === "") return (x === "") - (y === "");
        var order = Number.isFinite(+x) && Number.isFinite(+y) ? x - y : x.localeCompare(y);
        return down ? -order : order;
      }).forEach(function (r) { body.append(r); });
    }));
  });

  var off = [], back = button("", "show all arms", function () { off.slice().forEach(hide); });
  back.className = "back";
  back.hidden = true;
  table.before(back);
  function hide(arm) {
    var i = off.indexOf(arm);
    if (i < 0) off.push(arm); else off.splice(i, 1);
    document.querySelectorAll('[data-arm="' + arm + '"]').forEach(function (n) { n.classList.toggle("off", i < 0); });
    back.hidden = off.length === 0;
    back.textContent = "show " + off.length + " hidden";
  }
  Array.from(body.rows).forEach(function (r) {
    if (r.hasAttribute("data-arm") && !r.classList.contains("baseline")) {
      r.cells[0].append(" ", button("\u00d7", "hide " + r.cells[0].textContent, function () { hide(r.getAttribute("data-arm")); }));
    }
  });
})();
