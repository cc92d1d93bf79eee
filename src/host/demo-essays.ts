/** The four essays of the demo, one of each tier (examples/essays-prompt.md). */
export const demoEssays: readonly string[] = ['hazel.txt', 'birch.txt', 'cedar.txt', 'oak.txt']
