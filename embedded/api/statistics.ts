/** What a query did, as it was counted. */
export type Cost = {
  lines: number
  bytes: number
  seconds: number
  /** Time that it waited for its turn. */
  queueSeconds: number
  /** Entries or series of the answer. */
  returned: number
}

const CHUNK = {
  headChunkBytes: 0,
  headChunkLines: 0,
  decompressedBytes: 0,
  decompressedLines: 0,
  compressedBytes: 0,
  totalDuplicates: 0,
  postFilterLines: 0,
  headChunkStructuredMetadataBytes: 0,
  decompressedStructuredMetadataBytes: 0,
}
const STORE = {
  totalChunksRef: 0,
  totalChunksDownloaded: 0,
  chunksDownloadTime: 0,
  queryReferencedStructuredMetadata: false,
  queryUsedV2Engine: false,
  chunk: CHUNK,
  chunkRefsFetchTime: 0,
  congestionControlLatency: 0,
  pipelineWrapperFilteredLines: 0,
  dataobj: {
    prePredicateDecompressedRows: 0,
    prePredicateDecompressedBytes: 0,
    prePredicateDecompressedStructuredMetadataBytes: 0,
    postPredicateRows: 0,
    postPredicateDecompressedBytes: 0,
    postPredicateStructuredMetadataBytes: 0,
    postFilterRows: 0,
    pagesScanned: 0,
    pagesDownloaded: 0,
    pagesDownloadedBytes: 0,
    pageBatches: 0,
    totalRowsAvailable: 0,
    totalPageDownloadTime: 0,
  },
}
const CACHE = {
  entriesFound: 0,
  entriesRequested: 0,
  entriesStored: 0,
  bytesReceived: 0,
  bytesSent: 0,
  requests: 0,
  downloadTime: 0,
  queryLengthServed: 0,
}
/** The rest of what Loki tells, as it is where there are no chunks, caches and other processes. */
const REST = {
  querier: { store: STORE, querierExecTime: 0 },
  ingester: { totalReached: 0, totalChunksMatched: 0, totalBatches: 0, totalLinesSent: 0, store: STORE },
  cache: {
    chunk: CACHE,
    index: CACHE,
    result: CACHE,
    statsResult: CACHE,
    volumeResult: CACHE,
    seriesResult: CACHE,
    labelResult: CACHE,
    instantMetricResult: CACHE,
  },
  index: {
    totalChunks: 0,
    postFilterChunks: 0,
    shardsDuration: 0,
    usedBloomFilters: false,
    totalStreams: 0,
    chunkRefsLookupTime: 0,
    bloomFilterTime: 0,
  },
}

const perSecond = (amount: number, seconds: number): number =>
  seconds > 0 ? Math.floor(amount / seconds) : 0

/** The statistics of an answer, in Loki's form: its summary is counted, the rest is there with zeros. Pure. */
export const statisticsOf = ({ lines, bytes, seconds, queueSeconds, returned }: Cost) => ({
  summary: {
    bytesProcessedPerSecond: perSecond(bytes, seconds),
    linesProcessedPerSecond: perSecond(lines, seconds),
    totalBytesProcessed: bytes,
    totalLinesProcessed: lines,
    execTime: seconds,
    queueTime: queueSeconds,
    subqueries: 0,
    totalEntriesReturned: returned,
    splits: 1,
    shards: 0,
    totalPostFilterLines: 0,
    totalStructuredMetadataBytesProcessed: 0,
  },
  ...REST,
})

/** The statistics of an answer for which nothing was read. */
export const NO_STATISTICS = statisticsOf({ lines: 0, bytes: 0, seconds: 0, queueSeconds: 0, returned: 0 })
