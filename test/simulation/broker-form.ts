import { batchAddress } from '../../src/batch/request.ts'
import { topics } from '../../src/batch/wire/topics.ts'
import type { RandomStream } from '../../src/judging/random.ts'
import type { ConsumerOptions, KafkaClient, NewRecord } from '../../src/kafka/client.ts'
import { clientPorts, mailboxGroup, mailboxTopic } from '../../src/kafka/client-ports.ts'
import { recordOfMessage } from '../../src/kafka/mailbox-record.ts'
import { kafkaSettings } from '../../src/kafka/options.ts'
import { inboundAddress, placeOf } from '../../src/runtime/inbound-message.ts'
import { type Message, partitionOf } from '../../src/runtime/message.ts'
import { silentLogger } from '../../src/runtime/system.ts'
import type { MemoryDatabase } from '../../src/testing/memory-database.ts'
import { MemoryKafka } from '../../src/testing/memory-kafka.ts'
import type { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { callbackId, callbackRecord, requestId, requestRecord } from '../support/outside-records.ts'
import type { Invariants } from './invariants.ts'
import type { Callback } from './judge.ts'
import type { LogForm, LogPorts, Output } from './log-form.ts'
import type { Mutation } from './mutations.ts'
import type { Gate } from './node.ts'

export interface BrokerFormParts {
  readonly clock: SimulatedClock
  readonly invariants: Invariants
  readonly partitions: number
  readonly random: RandomStream
  /** True while things may go wrong. */
  readonly chaos: () => boolean
  readonly mutation: Mutation | undefined
}

const settings = kafkaSettings({ brokers: ['memory:9092'], groupId: 'sim' })
const groups = [settings.groupId, mailboxGroup(settings.groupId)]
const outside = [topics.request, topics.callback]

/** The log as a topic: the adapters of src/kafka over a cluster in memory, every call of its client a scheduling point. */
export class BrokerForm implements LogForm {
  readonly name = 'broker'
  readonly #parts: BrokerFormParts
  readonly #kafka: MemoryKafka

  constructor(parts: BrokerFormParts) {
    const { clock, random, chaos } = parts
    this.#parts = parts
    this.#kafka = new MemoryKafka({
      clock,
      random,
      gap: () => (random.next() < 0.1 ? Math.floor(random.next() * 4) : 0),
      stray: (topic) => (chaos() && topic === mailboxTopic && random.next() < 0.1 ? Math.floor(random.next() * 9) - 5 : 0),
    })
    const named = outside.map((topic) => ({ topic, partitions: 2 }))
    void this.#kafka.client('outside').ensureTopics([...named, { topic: mailboxTopic, partitions: parts.partitions }])
  }

  portsOf(node: string, gate: Gate): LogPorts {
    const { partitions, mutation } = this.#parts
    const client = this.#gated(this.#kafka.client(node, gate.clock), gate)
    const ports = clientPorts(client, settings, { clock: gate.clock, logger: silentLogger, partitions, maxMessageBytes: 1_000_000 })
    if (mutation !== 'ignore-watermark') {
      return ports
    }
    const { inbound } = ports
    const readNow = async () => (await inbound.progress()).map((row) => ({ ...row, readUpTo: gate.clock.now() }))
    return { ...ports, inbound: { start: (...how) => inbound.start(...how), stop: () => inbound.stop(), progress: readNow } }
  }

  #gated(client: KafkaClient, gate: Gate): KafkaClient {
    const consumer = (options: ConsumerOptions) => {
      const member = client.consumer({ ...options, onRecords: this.#handing(options.onRecords) })
      const { start, commit } = gate.gated({ start: () => member.start(), commit: member.commit.bind(member) }, 'broker')
      return {
        ended: member.ended,
        start,
        commit,
        seek: member.seek.bind(member),
        pause: member.pause.bind(member),
        resume: member.resume.bind(member),
        stop: () => member.stop(),
      }
    }
    return { ...gate.gated(client, 'broker', new Set(['consumer', 'close'])), consumer }
  }

  /** As it is, or with a record missing that the planted fault skips. */
  #handing(onRecords: ConsumerOptions['onRecords']): ConsumerOptions['onRecords'] {
    const { mutation } = this.#parts
    const skipped = mutation === 'skip-record' ? mailboxTopic : mutation === 'skip-callback' ? topics.callback : undefined
    return (topic, partition, records) =>
      onRecords(topic, partition, topic === skipped ? records.filter(({ offset }) => offset % 5 !== 2) : records)
  }

  send(message: Message): void {
    this.#parts.invariants.acknowledged(message.address, message.id)
    this.#kafka.append(recordOfMessage(mailboxTopic, partitionOf(message.address, this.#parts.partitions), message))
  }

  request(batchId: string, n: number): void {
    this.#parts.invariants.acknowledged(batchAddress(batchId), requestId(batchId))
    this.#kafka.append(requestRecord(batchId, n))
  }

  callback({ address, comparison, data, copy }: Callback): void {
    this.#parts.invariants.acknowledged(address, callbackId(comparison, copy))
    this.#kafka.append(callbackRecord(comparison, data, copy))
  }

  sendPoison(): void {
    this.send({ id: 'poison', address: 'lamp/1', kind: 'event', body: '{"type":1}' })
    this.#poison({ topic: topics.callback, key: '', value: 'no JSON' })
    this.request('empty', 0)
    this.#poison({ topic: topics.request, key: '', value: '{}' })
  }

  #poison(record: NewRecord): void {
    this.#parts.invariants.acknowledged(inboundAddress(record.topic), placeOf(this.#kafka.append(record)))
  }

  crashed(node: string): void {
    this.#kafka.silence(node)
  }

  paused(node: string, ms: number): void {
    this.#kafka.silence(node)
    this.#parts.clock.schedule(ms, () => this.#kafka.answers(node))
  }

  goAway(ms: number): void {
    this.#kafka.goAway()
    this.#parts.clock.schedule(ms, () => this.#kafka.comeBack())
  }

  schedule(sometime: (run: () => void) => void): void {
    const { random } = this.#parts
    for (let count = Math.floor(random.next() * 4); count > 0; count--) {
      sometime(() => this.#kafka.rebalance(groups[Math.floor(random.next() * 2)] ?? settings.groupId))
    }
    if (random.next() < 0.4) {
      sometime(() => this.goAway(random.next() * 20_000))
    }
  }

  heal(): void {
    this.#kafka.comeBack()
  }

  isRead({ partitions }: MemoryDatabase): boolean {
    const mailbox = this.#kafka.records(mailboxTopic)
    return (
      mailbox.every(({ partition, offset }) => offset < (partitions.get(partition)?.nextOffset ?? 0)) &&
      outside.every((topic) => this.#kafka.unread(settings.groupId, topic) === 0)
    )
  }

  outputs(): readonly Output[] {
    return [topics.completed, topics.failed, topics.result, topics.resource].flatMap((topic) =>
      this.#kafka.records(topic).map(({ headers, key, value }) => ({
        id: headers['id'] ?? '',
        topic,
        key: key ?? '',
        payload: Buffer.from(value ?? []).toString(),
      })),
    )
  }
}
