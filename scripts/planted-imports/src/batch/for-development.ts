// forbidden: no-development-packages
export { z } from 'zod'
