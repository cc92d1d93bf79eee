declare module 'virtual:batch-chart' {
  const markup: string
  export default markup
}
