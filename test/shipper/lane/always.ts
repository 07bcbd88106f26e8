import { type LaneWork } from '../../../shipper/lane/lane.ts'

/** What lanes in tests have in common: one stream, ten records a batch, no order to wait for. */
export const ALWAYS = {
  project: (record) => ({
    labels: '{a="b"}',
    entry: { seconds: 1, nanos: record.offsetNumber, line: record },
    parsed: true,
  }),
  batchBytes: 1_000_000,
  batchRecords: 10,
  batchSeconds: () => 3_600,
  order: async () => true,
} satisfies Partial<LaneWork>
