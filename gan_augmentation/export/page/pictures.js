/**
 * @file From any picture to the pixels that a model was trained on, by the arithmetic of Pillow: grey by the weights of
 * ITU-R 601, Lanczos in fixed point, padded, cropped or stretched as the model's metadata says. A picture that has the
 * model's size already gives its very pixels, another one those of Pillow to one grey level, save where Lanczos reaches
 * beyond black and white: which side Pillow resizes first depends on its version.
 */

const LARGEST = 2 ** 28; // pixels; as in Python
const SHRUNK = 1024; // pixels of the longer side, to which the browser brings large photos first
const LARGE = 4_000_000; // pixels from which it does

/**
 * Decode an image file.
 * @param {Blob} file
 * @param {string} name
 * @returns {Promise<{rgba: ImageData, notes: string[]}>} raises an `Error` in plain words
 */
export async function readPicture(file, name) {
  if (file.size === 0) throw new Error(`${name} is empty.`);
  if (file.type === "image/svg+xml" || /\.svgz?$/i.test(name)) {
    throw new Error(`${name} is an SVG drawing, which this page does not open. Save it as PNG or JPEG.`);
  }
  const { width, height } = await pictureSize(file, name);
  const millions = (width * height) / 1e6;
  if (width * height > LARGEST) {
    throw new Error(`${name} has ${Math.round(millions)} megapixels; at most ${Math.floor(LARGEST / 1e6)} are read.`);
  }
  const notes = [];
  const options = { colorSpaceConversion: "none" };
  if (await isDeep(file)) notes.push(`${name} has 16 bits a channel, of which a browser keeps the upper 8.`);
  if (width * height > LARGE) {
    const scale = SHRUNK / Math.max(width, height);
    options.resizeWidth = Math.max(1, Math.round(width * scale));
    options.resizeHeight = Math.max(1, Math.round(height * scale));
    options.resizeQuality = "high";
    notes.push(`${name} has ${Math.round(millions)} megapixels and was made smaller first.`);
  }
  const bitmap = await createImageBitmap(file, options).catch(() => {
    throw new Error(notAnImage(name));
  });
  const rgba = pixelsOf(bitmap, bitmap.width, bitmap.height);
  bitmap.close();
  return { rgba, notes };
}

function notAnImage(name) {
  return `${name} is no image that this browser can read. Give a PNG, JPEG, WebP, GIF or BMP file.`;
}

/** Tell a PNG of 16 bits a channel, as its header says. */
async function isDeep(file) {
  const head = new Uint8Array(await file.slice(0, 25).arrayBuffer());
  return head[0] === 0x89 && head[1] === 0x50 && head[24] === 16;
}

/** Find out how large a picture is, before its pixels are decoded. Nothing in it is executed. */
async function pictureSize(file, name) {
  const image = new Image();
  const address = URL.createObjectURL(file);
  try {
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = () => reject(new Error(notAnImage(name)));
      image.src = address;
    });
    return { width: image.naturalWidth, height: image.naturalHeight };
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** Read the pixels of what can be drawn. */
function pixelsOf(drawable, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(drawable, 0, 0);
  return context.getImageData(0, 0, width, height);
}

/**
 * Bring a picture to a model.
 * @param {ImageData} rgba
 * @param {number[]} shape (c,h,w)
 * @param {{fit?: string, ground?: string}|null} reading how the model's training images were read
 * @param {boolean} invert swap dark and light
 * @returns {Uint8Array} channel after channel, row after row
 */
export function fitPicture(rgba, [channels, height, width], reading, invert) {
  const opaque = flatten(rgba, reading?.ground ?? null);
  const planes = channels === 1 ? [luminance(opaque)] : [0, 1, 2].map((c) => channel(opaque, c));
  const out = new Uint8Array(channels * height * width);
  planes.forEach((data, c) => {
    const plane = { data, width: rgba.width, height: rgba.height };
    out.set(FITS[reading?.fit ?? "pad"](plane, width, height).data, c * height * width);
  });
  return invert ? out.map((x) => 255 - x) : out;
}

/** Put a ground under what is transparent: that of the model, or white, or black under light pictures. */
function flatten({ data }, ground) {
  if (isOpaque(data)) return data;
  const under = colour(ground ?? (isLight(data) ? "black" : "white"));
  return data.map((x, i) => {
    const alpha = data[i | 3];
    return (i & 3) === 3 ? 255 : Math.round((x * alpha + under[i & 3] * (255 - alpha)) / 255);
  });
}

function isOpaque(data) {
  for (let i = 3; i < data.length; i += 4) if (data[i] < 255) return false;
  return true;
}

/** Tell whether what is visible is light on the average. */
function isLight(data) {
  const light = luminance(data);
  let [sum, weight] = [0, 0];
  light.forEach((x, i) => {
    sum += x * data[4 * i + 3];
    weight += data[4 * i + 3];
  });
  return sum >= 128 * weight;
}

/** Read a colour such as "white" or "#808080". */
function colour(name) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = name;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}

/** Turn colours into grey, rounded as Pillow does. */
function luminance(data) {
  const out = new Uint8Array(data.length / 4);
  for (let i = 0, j = 0; j < out.length; i += 4, j++) {
    out[j] = (data[i] * 19595 + data[i + 1] * 38470 + data[i + 2] * 7471 + 0x8000) >> 16;
  }
  return out;
}

function channel(data, c) {
  const out = new Uint8Array(data.length / 4);
  for (let j = 0; j < out.length; j++) out[j] = data[4 * j + c];
  return out;
}

/** Ways to bring a plane {data, width, height} to a size. */
const FITS = {
  stretch: (plane, width, height) => resize(plane, width, height, [0, 0, plane.width, plane.height]),
  crop: (plane, width, height) => resize(plane, width, height, largestBox(plane, width / height)),
  pad(plane, width, height) {
    const ratio = plane.width / plane.height;
    const w = ratio < width / height ? roundToEven(ratio * height) : width;
    const h = ratio > width / height ? roundToEven((plane.height / plane.width) * width) : height;
    const small = FITS.stretch(plane, Math.max(1, w), Math.max(1, h));
    const [left, top] = [roundToEven((width - small.width) / 2), roundToEven((height - small.height) / 2)];
    const data = new Uint8Array(width * height);
    for (let y = 0; y < small.height; y++) {
      data.set(small.data.subarray(y * small.width, (y + 1) * small.width), (y + top) * width + left);
    }
    return { data, width, height };
  },
};

/** Find the largest box of a shape in the middle of a plane: [left, top, right, bottom]. */
function largestBox({ width, height }, ratio) {
  const [w, h] = width / height > ratio ? [ratio * height, height] : [width, width / ratio];
  const [left, top] = [(width - w) / 2, (height - h) / 2];
  return [left, top, left + w, top + h].map(Math.fround); // as Pillow keeps them
}

/** Round as Python does: halves to the even number. */
function roundToEven(x) {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

const BITS = 22; // of the fixed point

/** Resize a box of a plane, rows first. */
function resize(plane, width, height, [left, top, right, bottom]) {
  const across = width === plane.width && left === 0 && right === width ? plane : pass(plane, width, left, right);
  if (height === plane.height && top === 0 && bottom === height) return across;
  return transposed(pass(transposed(across), height, top, bottom));
}

function transposed({ data, width, height }) {
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) out[x * height + y] = data[y * width + x];
  return { data: out, width: height, height: width };
}

/** Resize the rows of a plane. */
function pass({ data, width, height }, newWidth, from, to) {
  const windows = lanczosWindows(width, newWidth, from, to);
  const out = new Uint8ClampedArray(newWidth * height);
  for (let y = 0; y < height; y++) {
    windows.forEach(({ first, weights }, x) => {
      let sum = 2 ** (BITS - 1);
      for (let k = 0; k < weights.length; k++) sum += data[y * width + first + k] * weights[k];
      out[y * newWidth + x] = sum >> BITS;
    });
  }
  return { data: new Uint8Array(out.buffer), width: newWidth, height };
}

/** Compute which pixels each new pixel is made of, and with which weights. */
function lanczosWindows(size, newSize, from, to) {
  const scale = Math.fround(to - from) / newSize;
  const stretch = Math.max(1, scale);
  const shrink = 1 / stretch;
  return Array.from({ length: newSize }, (_, i) => {
    const centre = from + (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - 3 * stretch + 0.5));
    const end = Math.min(size, Math.trunc(centre + 3 * stretch + 0.5));
    const raw = Array.from({ length: end - first }, (_, k) => lanczos((k + first - centre + 0.5) * shrink));
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, weights: raw.map((x) => Math.trunc((x / sum) * 2 ** BITS + (x < 0 ? -0.5 : 0.5))) };
  });
}

/** Lanczos (1950) with three lobes. */
function lanczos(x) {
  if (x === 0) return 1;
  if (x < -3 || x >= 3) return 0;
  const a = Math.PI * x;
  return (Math.sin(a) / a) * (Math.sin(a / 3) / (a / 3));
}

/**
 * Draw pixels as a model takes or makes them.
 * @param {HTMLCanvasElement} canvas becomes as large as the image
 * @param {Uint8Array} pixels channel after channel
 * @param {number[]} shape (c,h,w)
 */
export function drawPixels(canvas, pixels, [channels, height, width]) {
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").putImageData(toImageData(pixels, [channels, height, width]), 0, 0);
}

/** Turn pixels channel after channel into those of a canvas. */
export function toImageData(pixels, [channels, height, width]) {
  const image = new ImageData(width, height);
  const size = width * height;
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = pixels[i + (channels === 1 ? 0 : c * size)];
    image.data[4 * i + 3] = 255;
  }
  return image;
}
