/**
 * @file Normal random numbers from a seed. Each image has a stream of its own, so that it is the same image however
 * many are made at once. The generator is xoshiro128** (Blackman and Vigna 2021, https://prng.di.unimi.it), its normal
 * numbers are those of Box and Muller (1958). Python uses another one: a seed means other images there.
 */

const GOLDEN = 0x9e3779b9;
export const LARGEST_SEED = Number.MAX_SAFE_INTEGER;

/** Spread the bits of a whole number: the last step of MurmurHash3 (Appleby 2011). */
function mix(h) {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Turn bits to the left, as a circle. */
function turn(x, bits) {
  return (x << bits) | (x >>> (32 - bits));
}

/**
 * Make 128 bits of a few whole numbers: what the stream of an image begins with.
 * @param {number[]} words of 32 bits
 * @returns {Uint32Array} 4 words
 */
export function startState(words) {
  const state = new Uint32Array(4);
  for (let i = 0; i < 4; i++) {
    state[i] = words.reduce((h, word) => mix(mix(h ^ word) + GOLDEN), Math.imul(i + 1, GOLDEN));
  }
  return state;
}

/**
 * Draw the next 32 bits: xoshiro128**.
 * @param {Uint32Array} s 4 words, which change
 * @returns {number} from 0 to 2**32 - 1
 */
export function nextBits(s) {
  const result = Math.imul(turn(Math.imul(s[1], 5), 7), 9) >>> 0;
  const t = s[1] << 9;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = turn(s[3], 11);
  return result;
}

/** Draw a number between 0 and 1, never one of both. */
function uniform(state) {
  return (nextBits(state) + 0.5) / 2 ** 32;
}

/**
 * Fill an array with normal numbers.
 * @param {Float32Array} out
 * @param {Uint32Array} state
 * @param {number|null} limit numbers beyond it are drawn again (truncation, Brock et al. 2019); null: none are
 */
export function fillNormal(out, state, limit) {
  let filled = 0;
  while (filled < out.length) {
    const radius = Math.sqrt(-2 * Math.log(uniform(state)));
    const angle = 2 * Math.PI * uniform(state);
    for (const x of [radius * Math.cos(angle), radius * Math.sin(angle)]) {
      if (filled < out.length && (limit === null || Math.abs(x) <= limit)) out[filled++] = x;
    }
  }
}

/**
 * Draw the noise that images are made of.
 * @param {number} seed whole number
 * @param {number} first number of the first image
 * @param {number} n images
 * @param {number} size numbers an image
 * @param {{steps?: number[], limit?: number|null}} options of which steps (0: the start), and the truncation
 * @returns {Float32Array} image after image, for each step after step
 */
export function imageNoise(seed, first, n, size, { steps = [0], limit = null } = {}) {
  const noise = new Float32Array(n * steps.length * size);
  const [low, high] = [seed >>> 0, Math.floor(seed / 2 ** 32)];
  for (let i = 0; i < n; i++) {
    steps.forEach((step, k) => {
      const from = (i * steps.length + k) * size;
      fillNormal(noise.subarray(from, from + size), startState([low, high, first + i, step]), limit);
    });
  }
  return noise;
}

/**
 * Read a seed as it was typed.
 * @param {string} text
 * @returns {number} raises an `Error` that says what a seed is
 */
export function readSeed(text) {
  const seed = Number(text.trim());
  if (!/^\d+$/.test(text.trim()) || seed > LARGEST_SEED) {
    throw new Error(`The seed is “${text}”. Give a whole number from 0 to ${LARGEST_SEED}, e.g. 7.`);
  }
  return seed;
}
