/** @file A canvas to draw on with mouse, pen or finger. */

/**
 * Let people draw.
 * @param {HTMLCanvasElement} canvas
 * @param {{paper: string, ink: () => string, width: () => number, done: (drawing: ImageData) => void}} how colours,
 *   the width of the brush in pixels of the canvas, and who gets the drawing after each stroke
 * @returns {() => void} clears the canvas
 */
export function setUpDrawing(canvas, { paper, ink, width, done }) {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let from = null; // where the pen is; null: not on the paper

  const clear = () => {
    context.fillStyle = paper;
    context.fillRect(0, 0, canvas.width, canvas.height);
  };

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) * canvas.width) / box.width,
      y: ((event.clientY - box.top) * canvas.height) / box.height,
    };
  };

  const lineTo = (to) => {
    Object.assign(context, { strokeStyle: ink(), lineWidth: width(), lineCap: "round", lineJoin: "round" });
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x + 0.01, to.y);
    context.stroke();
    from = to;
  };

  const end = () => {
    if (from === null) return;
    from = null;
    done(context.getImageData(0, 0, canvas.width, canvas.height));
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    from = place(event);
    lineTo(from);
  });
  canvas.addEventListener("pointermove", (event) => from !== null && lineTo(place(event)));
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  clear();
  return clear;
}
