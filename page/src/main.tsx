import { render } from 'preact'
import 'uplot/dist/uPlot.min.css'
import 'virtual:batch-chart.css'
import { App } from './app.tsx'
import './style.css'

const place = document.getElementById('page')
if (place !== null) {
  render(<App />, place)
}
