/** XᵀX of rows × width numbers; width × width. */
export function gramOf(rows: Float64Array, width: number): Float64Array {
  const gram = new Float64Array(width * width);
  for (let start = 0; start < rows.length; start += width) {
    for (let i = 0; i < width; i += 1) {
      const x = rows[start + i] ?? 0;
      for (let j = 0; j <= i; j += 1) {
        gram[i * width + j] = (gram[i * width + j] ?? 0) + x * (rows[start + j] ?? 0);
      }
    }
  }
  for (let i = 0; i < width; i += 1) {
    for (let j = 0; j < i; j += 1) gram[j * width + i] = gram[i * width + j] ?? 0;
  }
  return gram;
}

/** The mean of each column of rows × width numbers. */
export function meanOf(rows: Float64Array, width: number): Float64Array {
  const mean = new Float64Array(width);
  for (let start = 0; start < rows.length; start += width) {
    for (let k = 0; k < width; k += 1) mean[k] = (mean[k] ?? 0) + (rows[start + k] ?? 0);
  }
  return mean.map((sum) => (sum * width) / rows.length);
}

/**
 * Covariance of the columns (over all rows, not over rows − 1): with it, the standard deviation
 * of z·q over the catalogue is sqrt(zᵀ Cov z).
 */
export function covarianceOf(rows: Float64Array, width: number): Float64Array {
  const mean = meanOf(rows, width);
  const centred = rows.map((value, at) => value - (mean[at % width] ?? 0));
  return gramOf(centred, width).map((value) => (value * width) / rows.length);
}
