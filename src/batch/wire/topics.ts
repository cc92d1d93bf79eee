/** Topics of the platform (domain 4.1). Inbound messages are told apart by topic, never by event_type. */
export const topics = {
  request: 'huleedu.els.cj_assessment.requested.v1',
  /** Named in every request to the provider. */
  callback: 'huleedu.llm_provider.comparison_result.v1',
  completed: 'huleedu.cj_assessment.completed.v1',
  failed: 'huleedu.cj_assessment.failed.v1',
  result: 'huleedu.assessment.result.published.v1',
  resource: 'huleedu.resource.consumption.v1',
} as const

/** The short names that stand as `event_name` in the data. */
export const eventNames = {
  request: 'els.cj_assessment.requested',
  completed: 'cj_assessment.completed',
  failed: 'cj_assessment.failed',
  result: 'assessment.result.published',
  resource: 'resource.consumption.reported',
} as const

/** event_type of a callback: not its topic. */
export const callbackEventType = 'LLMComparisonResultV1'

/** source_service of all that Quire sends: the consumers know it by this name. */
export const sourceService = 'cj_assessment_service'
