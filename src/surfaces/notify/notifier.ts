/**
 * Sends notices, one after the other, beside the daemon's work: nothing waits for it but the end of the process, and that
 * not for long.
 */
import type { WebhookAddress } from '../../config/notify.ts';
import { hasFired, sleep } from '../../system/clock.ts';
import type { DaemonEvent, Reporter } from '../../events/events.ts';
import { defaultPatience, deliver, type Patience } from './deliver.ts';
import { type Notice, Notices, type NoticeRules } from './notices.ts';
import { letterOf, type NotifyFormat, type Sender } from './receivers.ts';

export interface NotifierOptions extends NoticeRules {
  readonly receiver: WebhookAddress;
  readonly format: NotifyFormat;
  readonly sender: Sender;
  /** Receives notices that did not arrive. */
  readonly report: Reporter;
  readonly patience?: Patience;
}

/** More wait only where the receiver has been away for long: then the oldest are news no more. */
const MOST_WAITING = 20;

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #notices: Notices;
  readonly #waiting: Notice[] = [];
  readonly #stop = new AbortController();
  #sending: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** That notices do not arrive is said once until one does. */
  #isFailing = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#notices = new Notices(options);
  }

  /** Takes every event of the daemon. Does not wait. */
  on(event: DaemonEvent): void {
    this.#enqueue(this.#notices.on(event));
    this.#setTimer();
  }

  /** Sends the rest. @param endMs the longest that this may take. */
  async close(endMs: number): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#enqueue(this.#notices.ending());
    const giveUp = setTimeout(() => {
      this.#stop.abort();
    }, endMs);
    await this.#sending;
    clearTimeout(giveUp);
    this.#stop.abort();
  }

  #setTimer(): void {
    const waitMs = this.#notices.waitMs();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (waitMs === undefined || hasFired(this.#stop.signal)) return;
    this.#timer = setTimeout(() => {
      this.#enqueue(this.#notices.due());
      this.#setTimer();
    }, waitMs).unref();
  }

  #enqueue(notices: readonly Notice[]): void {
    if (notices.length === 0) return;
    this.#waiting.push(...notices);
    this.#waiting.splice(0, Math.max(0, this.#waiting.length - MOST_WAITING));
    this.#sending ??= this.#send().finally(() => (this.#sending = undefined));
  }

  async #send(): Promise<void> {
    const { receiver, format, sender, patience = defaultPatience, report } = this.#options;
    // Never within the event that it is about.
    await sleep(0, this.#stop.signal);
    for (let notice = this.#waiting.shift(); notice !== undefined; notice = this.#waiting.shift()) {
      const failure = await deliver(receiver, letterOf(notice, sender, format), patience, this.#stop.signal);
      if (failure === undefined) {
        if (this.#isFailing) report({ event: 'notify.working', receiver: receiver.shown });
        this.#isFailing = false;
      } else if (!this.#isFailing) {
        this.#isFailing = true;
        report({
          event: 'notify.failed',
          receiver: receiver.shown,
          problem: notice.problem,
          message: failure,
        });
      }
    }
  }
}
