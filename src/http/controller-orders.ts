import type { Orderer, OrderResult, PauseWish, RebuildWish, RestoreWish, ResumeWish } from '../pool/order.ts';

/** What may be ordered of a controller. */
export interface ControllerOrders {
  rebuild(node: string, wish: RebuildWish): Promise<OrderResult>;
  restore(node: string, wish: RestoreWish): Promise<OrderResult>;
  pause(wish: PauseWish): Promise<OrderResult>;
  resume(wish: ResumeWish): Promise<OrderResult>;
  approve(run: string, orderer: Orderer): Promise<OrderResult>;
  reject(run: string, orderer: Orderer): Promise<OrderResult>;
  cancel(run: string, orderer: Orderer): Promise<OrderResult>;
}

/** Requests that came with a key, and their answers; durable. */
export interface AnswerBook {
  begin(
    key: string,
    request: string,
    atIso: string,
  ): { readonly request: string; readonly answer: string | null } | undefined;
  finish(key: string, answer: string): void;
  drop(key: string): void;
}
