/** A test's own engine with the Docker API on a socket. */
import { PrivateEngine } from './private-engine.ts';
import { send, type Answer, type RequestOptions } from '../wire/http.ts';

/** Use `startDockerEngine` or `startPodman`. */
export abstract class ApiEngine extends PrivateEngine {
  /** As for DOCKER_HOST. */
  get dockerHost(): string {
    return `unix://${this.socketPath}`;
  }

  protected override async answers(): Promise<boolean> {
    return (await send(this, 'GET', '/_ping')).status === 200;
  }

  /** A request to the engine's API, e.g. `request('GET', '/images/json')`. Any status is an answer. */
  request(method: string, path: string, options?: RequestOptions): Promise<Answer> {
    return send(this, method, path, options);
  }

  /** As `request`. @throws Error when the status is not 2xx or 304. */
  async expect(method: string, path: string, options?: RequestOptions): Promise<Answer> {
    const answer = await this.request(method, path, options);
    if ((answer.status < 200 || answer.status > 299) && answer.status !== 304)
      throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text.trim()}`);
    return answer;
  }
}
