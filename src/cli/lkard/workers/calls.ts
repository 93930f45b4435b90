/** The channel between two processes of one gateway, as node's IPC is: messages are cloned. */
export interface Channel {
  /** False or a throw where the other process is gone. */
  send(message: Message): void;
  onMessage(hear: (message: Message) => void): void;
}

/** What goes over the channel. */
export interface Message {
  readonly lkard: 'call' | 'result' | 'fault';
  readonly id: number;
  readonly name: string;
  readonly value: unknown;
}

/** What the other process may ask for, by name. */
export type Handlers = Readonly<Record<string, (value: unknown) => unknown>>;

/** Asks the other process for something, and answers what it asks for. */
export interface Calls {
  /**
   * Rejects where the other process says so, is gone, or says nothing within `withinMs`, and then forgets that it asked; where
   * that isn't given it may be pending for as long as the other process lives.
   */
  call(name: string, value?: unknown, options?: { readonly withinMs?: number | undefined }): Promise<unknown>;
  /** Rejects what is pending: the other process is gone. */
  close(): void;
}

interface Asked {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout | undefined;
}

/** Two processes that each have one of these on their end of the channel can call each other's handlers. */
export function createCalls(channel: Channel, handlers: Handlers): Calls {
  const pending = new Map<number, Asked>();
  let lastId = 0;
  let isClosed = false;

  const answer = async ({ id, name, value }: Message) => {
    const reply = await Promise.resolve()
      .then(() => handlers[name]?.(value))
      .then(
        (result): Message => ({ lkard: 'result', id, name, value: result }),
        (error: unknown): Message => ({ lkard: 'fault', id, name, value: String(error) }),
      );
    if (!isClosed) channel.send(reply);
  };

  channel.onMessage((message) => {
    if (message.lkard === 'call') {
      void answer(message).catch(() => undefined);
      return;
    }
    const asked = pending.get(message.id);
    pending.delete(message.id);
    clearTimeout(asked?.timer);
    if (message.lkard === 'result') asked?.resolve(message.value);
    else asked?.reject(new Error(String(message.value)));
  });

  return {
    call: (name, value, { withinMs } = {}) =>
      new Promise((resolve, reject) => {
        if (isClosed) throw new Error('the other process is gone');
        const id = (lastId += 1);
        const giveUp = () => {
          pending.delete(id);
          reject(new Error(`the other process doesn't answer ${name}`));
        };
        const timer = withinMs === undefined ? undefined : setTimeout(giveUp, withinMs).unref();
        pending.set(id, { resolve, reject, timer });
        channel.send({ lkard: 'call', id, name, value });
      }),
    close() {
      isClosed = true;
      for (const { reject, timer } of pending.values()) {
        clearTimeout(timer);
        reject(new Error('the other process is gone'));
      }
      pending.clear();
    },
  };
}

/** Whether a message is one of these: node and libraries use the same channel. */
export function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'lkard' in value;
}
