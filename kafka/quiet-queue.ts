type Queue = { pending: readonly unknown[]; scheduleCheckPendingRequests(): void }
export type QueueConstructor = new (...args: never[]) => Queue

/**
 * Returns kafkajs's queue of a connection's requests, but one that sleeps while nothing waits in it: kafkajs looks
 * whether something does every millisecond, on each connection: 2 % of a core for a shipper that has to wait.
 */
export const quietQueue = (Original: QueueConstructor): QueueConstructor =>
  class QuietQueue extends Original {
    override scheduleCheckPendingRequests(): void {
      if (this.pending.length > 0) super.scheduleCheckPendingRequests()
    }
  }
