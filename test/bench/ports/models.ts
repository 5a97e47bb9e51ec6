import { embeddingBag } from '../../../models/graph/embedding-bag.ts';
import type { ModelSignature } from '../../../services/domain/bundle.ts';
import { floatTensor, intTensor, type Tensor } from '../../../services/domain/tensor.ts';
import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import type { LoadedModel } from '../../../services/platform/model-runner/model-runner.ts';
import { OnnxModelRunner } from '../../../services/platform/model-runner/onnx-model-runner.ts';
import type { Bench, Measurement } from './bench.ts';
import { ownCpuUs } from './cpu.ts';
import { median } from './statistics.ts';

const rows = 1682;
const width = 64;
const items = 100;
const windowMs = 1000;
const clock = new RealClock();

const signature: ModelSignature = {
  file: 'bench.onnx',
  inputs: [
    { name: 'items', dtype: 'int32', shape: ['batch', 'ragged'] },
    { name: 'weights', dtype: 'float32', shape: ['batch', 'ragged'] },
  ],
  outputs: [{ name: 'z', dtype: 'float32', shape: ['batch', width] }],
};

/** The model runner: an expert of MovieLens-100K's size in one thread. */
export const models: Measurement = {
  title: `Model runner: an embedding bag of ${rows} × ${width}, ${items} items a row, one thread, one run in flight`,
  runsOn: ['onnxruntime-node'],
  whyMissing: () => undefined,
  run: async (bench) => {
    const runner = new OnnxModelRunner({ clock, threads: 1 });
    const table = Float32Array.from({ length: rows * width }, (_, index) => Math.sin(index));
    try {
      const model = await runner.load('bench', embeddingBag({ table, rows, width }), signature);
      for (const batch of [1, 8, 32]) {
        // oxlint-disable-next-line no-await-in-loop -- two at once would measure each other
        await measureBatch(bench, model, batch);
      }
    } finally {
      await runner.close();
    }
  },
};

async function measureBatch(bench: Bench, model: LoadedModel, batch: number): Promise<void> {
  await window(model, batch, bench.lasting(windowMs));
  const taken = await bench.repeat(`batches of ${batch}`, () =>
    window(model, batch, bench.lasting(windowMs)),
  );
  bench.add(`batch of ${batch}: run in the model`, 'µs', taken('runUs'));
  bench.add(`batch of ${batch}: hop to the thread and back`, 'µs', taken('hopUs'));
  bench.add(`batch of ${batch}: CPU, both threads`, 'µs', taken('cpuUs'));
}

/** One run after the other; medians, because a hop that the machine interrupted is not a hop. */
async function window(model: LoadedModel, batch: number, forMs: number) {
  const runsUs: number[] = [];
  const hopsUs: number[] = [];
  const cpuUs = ownCpuUs();
  const endUs = clock.monotonicUs() + forMs * 1000;
  while (clock.monotonicUs() < endUs) {
    const inputs = inputsOf(batch);
    const startUs = clock.monotonicUs();
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
    const { runUs } = await model.run(inputs);
    runsUs.push(runUs);
    hopsUs.push(clock.monotonicUs() - startUs - runUs);
  }
  return {
    runUs: median(runsUs),
    hopUs: median(hopsUs),
    cpuUs: (ownCpuUs() - cpuUs) / runsUs.length,
  };
}

/** New ones for each run: their buffers go to the thread. */
function inputsOf(batch: number): readonly Tensor[] {
  const shape = [batch, items];
  const ids = new Int32Array(batch * items);
  for (let index = 0; index < ids.length; index += 1) ids[index] = (index * 37) % rows;
  const weights = new Float32Array(batch * items).fill(0.1);
  return [intTensor('items', shape, ids), floatTensor('weights', shape, weights)];
}
