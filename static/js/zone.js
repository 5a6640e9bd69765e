// The zone's line, drawn by clicking on the map; the field of corners stays the truth and works without this.
const map = document.querySelector("[data-zone-map]");
const corners = document.querySelector("[data-zone-corners]");
const undo = document.querySelector("[data-zone-undo]");
const METRES_PER_DEGREE = 111195;

if (map && corners) {
  const latitude = Number(map.dataset.latitude);
  const longitude = Number(map.dataset.longitude);
  const perLongitude = Number(map.dataset.perLongitude);
  const line = map.querySelector("polygon");

  const lines = () => corners.value.split("\n").filter((text) => text.trim());
  const draw = () => {
    const points = lines().map((text) => text.split(/[,;\s]+/).filter(Boolean).map(Number));
    const known = points.filter(([north, east]) => Number.isFinite(north) && Number.isFinite(east));
    line.setAttribute("points", known.map(([north, east]) =>
      `${(east - longitude) * perLongitude},${(latitude - north) * METRES_PER_DEGREE}`).join(" "));
  };
  const choosePolygon = () => {
    const kind = document.querySelector('[name="zone_kind"][value="polygon"]');
    if (kind) kind.checked = true;
    corners.closest("details").open = true;
  };

  map.addEventListener("click", (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    const north = (latitude - point.y / METRES_PER_DEGREE).toFixed(5);
    const east = (longitude + point.x / perLongitude).toFixed(5);
    corners.value = [...lines(), `${north}, ${east}`].join("\n");
    choosePolygon();
    draw();
  });
  corners.addEventListener("input", draw);
  undo.hidden = false;
  undo.addEventListener("click", () => {
    corners.value = lines().slice(0, -1).join("\n");
    draw();
  });
}
