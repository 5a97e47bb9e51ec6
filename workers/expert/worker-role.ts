import { ChorusError } from '../../services/domain/errors.ts';
import type { ExpertRef } from '../../services/domain/presence.ts';
import type { Role } from '../../services/domain/role.ts';
import type { Manifest } from '../../services/domain/bundle.ts';
import { taskPartitions } from '../../services/domain/topics.ts';
import type { Platform } from '../../services/platform/platform.ts';
import { logger } from '../../services/platform/telemetry/logger.ts';
import { openBundleFolder } from '../../services/registry/bundle-folder.ts';
import { LivePointer } from '../../services/registry/live-pointer.ts';
import { ExpertModels } from './expert-models.ts';
import { ExpertWorker } from './expert-worker.ts';

/** A worker process: loads its experts of the live bundle and serves them. */
export class WorkerRole implements Role {
  readonly name = 'worker';
  readonly #platform: Platform;
  readonly #mixtures: readonly string[];
  #models: ExpertModels | undefined;
  #worker: ExpertWorker | undefined;

  /** @param mixtures whose live bundles it serves. */
  constructor(platform: Platform, mixtures: readonly string[]) {
    this.#platform = platform;
    this.#mixtures = mixtures;
  }

  async start(): Promise<void> {
    const { settings, clock, modelRunner, log, workerLine, workerId } = this.#platform;
    if (workerLine === undefined) {
      throw new ChorusError('internal', 'a worker was started without its end of the reply line');
    }
    const isMine = (mixture: string, expert: string): boolean =>
      settings.experts === 'all' ||
      settings.experts.some((ref) => ref.mixture === mixture && ref.expert === expert);
    const models = new ExpertModels(modelRunner, isMine);
    this.#models = models;
    const there = await this.#load(models);
    const experts = there.filter(({ mixture, expert }) => isMine(mixture, expert));
    const slot = settings.workerSlot % taskPartitions;
    const identity = { workerId, slot, experts };
    this.#worker = new ExpertWorker(identity, {
      log,
      line: workerLine,
      models,
      clock,
    });
    await this.#worker.start();
    logger.info({
      event: 'worker.started',
      workerId,
      slot,
      experts: experts.length,
    });
  }

  async stop(): Promise<void> {
    await this.#worker?.stop();
    await this.#models?.close();
  }

  /**
   * Loads this worker's experts of the live bundles, or of those that are to be the first.
   * @returns every expert of these bundles, this worker's or not.
   */
  async #load(models: ExpertModels): Promise<readonly ExpertRef[]> {
    const { settings, records, clock } = this.#platform;
    const pointer = new LivePointer(records, clock);
    const loaded = await Promise.all(
      this.#mixtures.map(async (mixture) => {
        const choice = await pointer.readOrPropose(mixture, settings.modelsDir);
        const contents = await openBundleFolder(settings.modelsDir, mixture, choice.version);
        await models.load(contents);
        return { ...choice, mixture, experts: expertsOf(contents.manifest) };
      }),
    );
    const experts = loaded.flatMap((bundle) => bundle.experts);
    this.#refuseStrangers(experts);
    const proposed = loaded.filter(({ isLive }) => !isLive);
    await Promise.all(proposed.map(({ mixture, version }) => pointer.accept(mixture, version)));
    return experts;
  }

  /** @throws ChorusError `bad_setting` when `EXPERTS` names one that is not among those of the live bundles. */
  #refuseStrangers(there: readonly ExpertRef[]): void {
    const { experts } = this.#platform.settings;
    if (experts === 'all') return;
    const names = there.map(nameOf);
    const strangers = experts.map(nameOf).filter((name) => !names.includes(name));
    if (strangers.length === 0) return;
    const message = `EXPERTS names ${strangers.join(', ')}, but this worker serves the mixture ${this.#mixtures.join(', ')}, whose experts are ${names.join(', ')}`;
    throw new ChorusError('bad_setting', message, { field: 'EXPERTS' });
  }
}

function nameOf({ mixture, expert }: ExpertRef): string {
  return `${mixture}.${expert}`;
}

function expertsOf({ mixture, experts }: Manifest): readonly ExpertRef[] {
  return experts.map(({ name }) => ({ mixture, expert: name }));
}
