/** An engine whose failed requests somebody hears of, whatever engine it is. */
import { type Engine, EngineError } from './engine.ts';

/** @param onError is called with each EngineError before it is thrown on; must not throw. */
export function watched(engine: Engine, onError: (error: EngineError) => void): Engine {
  const tell = (error: unknown): never => {
    if (error instanceof EngineError) onError(error);
    throw error;
  };
  return new Proxy(engine, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: readonly unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, target, args);
        return answer instanceof Promise ? answer.catch(tell) : answer;
      };
    },
  });
}
