import { fitAfter, type FitRequest } from './fit.ts'

/** Fits beside the page: with hundreds of essays one takes longer than a frame. */
addEventListener('message', ({ data }: MessageEvent<FitRequest>) => {
  for (const count of data.counts) {
    postMessage(fitAfter(data.essays, data.judgements, count))
  }
})
