import kafkajs from 'kafkajs'

// Loaded before the service (`node --import`): the process is killed at its first sending of a topic that ends so, before the
// broker has it or after it has acknowledged it. No signal from outside meets that moment.
const { QUIRE_TEST_DIES_AT: suffix = '', QUIRE_TEST_DIES: moment = '' } = process.env
const makeProducer = kafkajs.Kafka.prototype.producer

kafkajs.Kafka.prototype.producer = function producer(options) {
  const made = makeProducer.call(this, options)
  const send = made.sendBatch
  made.sendBatch = async (batch) => {
    const deadly = batch.topicMessages.some(({ topic }) => topic.endsWith(suffix))
    if (deadly && moment === 'before') {
      process.kill(process.pid, 'SIGKILL')
    }
    const answer = await send(batch)
    if (deadly) {
      process.kill(process.pid, 'SIGKILL')
    }
    return answer
  }
  return made
}
