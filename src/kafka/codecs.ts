import { decompress as fromZstd } from 'fzstd'
import kafkajs from 'kafkajs'
import { decompress as fromLz4 } from 'lz4js'
import { uncompress as fromSnappy } from 'snappyjs'

// As members: Node does not see these two among the names of the CommonJS module.
const { CompressionCodecs, CompressionTypes } = kafkajs

type Decompress = (compressed: Buffer) => Uint8Array

type Codec = Exclude<keyof typeof CompressionCodecs, typeof CompressionTypes.GZIP>

const decompressors: readonly (readonly [Codec, Decompress])[] = [
  [CompressionTypes.Snappy, fromFramedSnappy],
  [CompressionTypes.LZ4, fromLz4],
  [CompressionTypes.ZSTD, fromZstd],
]

/**
 * kafkajs reads gzip alone, but producers compress as they like, and so does a broker or a topic with a `compression.type`, our own
 * mailbox included. Its table of codecs is one for the process: a host's own stay.
 */
export function readEveryCodec(): void {
  for (const [codec, decompress] of decompressors) {
    if (isMissing(codec)) {
      CompressionCodecs[codec] = () => decompressing(decompress)
    }
  }
}

/** kafkajs has a function in each place, which throws where no codec was given. */
function isMissing(codec: Codec): boolean {
  try {
    CompressionCodecs[codec]()
    return false
  } catch {
    return true
  }
}

/** Quire sends uncompressed; only a host's own producer would compress here. */
function decompressing(decompress: Decompress) {
  return {
    compress: () => Promise.reject(new Error('this codec reads, and does not write')),
    async decompress(compressed: Buffer): Promise<Buffer> {
      const { buffer, byteOffset, byteLength } = decompress(compressed)
      return Buffer.from(buffer, byteOffset, byteLength)
    },
  }
}

/** Java writes blocks, each after its length, behind a magic number and two versions; librdkafka and others write one bare block. */
const javaMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const javaHeaderBytes = 16

function fromFramedSnappy(compressed: Buffer): Uint8Array {
  if (!compressed.subarray(0, javaMagic.length).equals(javaMagic)) {
    return fromSnappy(compressed)
  }
  const blocks: Uint8Array[] = []
  for (let at = javaHeaderBytes; at < compressed.length; ) {
    const length = compressed.readInt32BE(at)
    blocks.push(fromSnappy(compressed.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return Buffer.concat(blocks)
}
