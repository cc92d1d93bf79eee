import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import * as xstate from 'xstate'
import { describe, expect, it } from 'vitest'
import { providedBatchMachine } from '../../src/batch/batch.actor.ts'
import { batchMachine } from '../../src/machines/batch.machine.ts'
import { connectionMachine } from '../../src/machines/connection.machine.ts'
import { supervisorMachine } from '../../src/machines/supervisor.machine.ts'

const folder = fileURLToPath(new URL('../../src/machines/', import.meta.url))
const machines: Readonly<Record<string, xstate.AnyStateMachine>> = {
  'batch.machine.ts': batchMachine,
  'connection.machine.ts': connectionMachine,
  'supervisor.machine.ts': supervisorMachine,
}
const files = readdirSync(folder).filter((name) => name.endsWith('.machine.ts'))

/** As Stately's importer does: types stripped, only `xstate` bound, the exported machine taken. */
function importLikeTheEditor(file: string): xstate.AnyStateMachine {
  const source = readFileSync(folder + file, 'utf8')
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: false },
  })
  const module = { exports: {} as Record<string, unknown> }
  const bind = (name: string): unknown => {
    if (name !== 'xstate') {
      throw new Error(`${file} imports a value from ${name}`)
    }
    return xstate
  }
  new Function('require', 'module', 'exports', outputText)(bind, module, module.exports)
  const isMachine = (value: unknown): value is xstate.AnyStateMachine =>
    typeof value === 'object' && value !== null && '__xstatenode' in value
  const machine = Object.values(module.exports).find(isMachine)
  if (machine === undefined) {
    throw new Error(`${file} exports no machine`)
  }
  return machine
}

/** The literal argument of `createMachine` in a source file. */
function configLiteral(file: string): ts.Expression {
  const source = ts.createSourceFile(file, readFileSync(folder + file, 'utf8'), ts.ScriptTarget.Latest, true)
  const found: ts.Expression[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === 'createMachine') {
      found.push(...node.arguments)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  expect(found).toHaveLength(1)
  return found[0] as ts.Expression
}

/** Everything the editor would drop or choke on. */
function complaintsAbout(node: ts.Expression, path: string): string[] {
  if (ts.isObjectLiteralExpression(node)) {
    return node.properties.flatMap((property) => {
      if (
        !ts.isPropertyAssignment(property) ||
        !(ts.isIdentifier(property.name) || ts.isStringLiteral(property.name) || ts.isNumericLiteral(property.name))
      ) {
        return [`${path}: ${property.getText().slice(0, 40)} is no plain property`]
      }
      return complaintsAbout(property.initializer, `${path}.${property.name.text}`)
    })
  }
  if (ts.isArrayLiteralExpression(node)) {
    return node.elements.flatMap((element, index) => complaintsAbout(element, `${path}[${index}]`))
  }
  const isPlain =
    ts.isStringLiteral(node) ||
    ts.isNumericLiteral(node) ||
    node.kind === ts.SyntaxKind.TrueKeyword ||
    node.kind === ts.SyntaxKind.FalseKeyword
  const mayBeFunction = /\.(context|input|params|output)$/.test(path) && (ts.isArrowFunction(node) || ts.isObjectLiteralExpression(node))
  return isPlain || mayBeFunction || node.kind === ts.SyntaxKind.NullKeyword
    ? []
    : [`${path}: ${node.getText().slice(0, 40)} is no literal`]
}

interface StateConfig {
  readonly description?: string
  readonly states?: Readonly<Record<string, StateConfig>>
  readonly invoke?: object
  readonly on?: Readonly<Record<string, unknown>>
}

function undescribed(config: StateConfig, path: string): string[] {
  const children = Object.entries(config.states ?? {}).flatMap(([name, child]) => undescribed(child, `${path}.${name}`))
  return [...(config.description === undefined ? [path] : []), ...children]
}

function namesIn(config: unknown, key: 'actions' | 'guard' | 'src'): Set<string> {
  const names = new Set<string>()
  const visit = (value: unknown, inside: boolean): void => {
    if (Array.isArray(value)) {
      value.forEach((item) => visit(item, inside))
    } else if (typeof value === 'object' && value !== null) {
      const { type } = value as { readonly type?: unknown }
      if (inside && typeof type === 'string') {
        names.add(type)
      }
      Object.entries(value).forEach(([name, child]) =>
        visit(child, name === key || (key === 'actions' && (name === 'entry' || name === 'exit'))),
      )
    } else if (inside && typeof value === 'string') {
      names.add(value)
    }
  }
  visit(config, false)
  return names
}

describe.each(files)('%s', (file) => {
  it('is imported by the editor from its source, with the same config', () => {
    expect(JSON.stringify(importLikeTheEditor(file).config)).toBe(JSON.stringify(machines[file]?.config))
  })

  it('is a literal without spread, computed key, variable or inline action', () => {
    expect(complaintsAbout(configLiteral(file), 'config')).toEqual([])
  })

  it('has a description on every state', () => {
    expect(undescribed(machines[file]?.config as StateConfig, file)).toEqual([])
  })

  it('implements every name its chart uses, and uses every name it implements', () => {
    const machine = machines[file] as xstate.AnyStateMachine
    expect([...namesIn(machine.config, 'actions')].sort()).toEqual(Object.keys(machine.implementations.actions).sort())
    expect([...namesIn(machine.config, 'guard')].sort()).toEqual(Object.keys(machine.implementations.guards).sort())
    expect([...namesIn(machine.config, 'src')].every((name) => name in machine.implementations.actors)).toBe(true)
  })
})

describe('the batch machine with its domain', () => {
  it('has the chart of its source, and provides every stub', () => {
    expect(providedBatchMachine.config).toBe(batchMachine.config)
    const stubs = Object.entries(batchMachine.implementations.actions).filter(([, action]) =>
      String(Reflect.get(action as object, 'assignment') ?? '').includes('provided('),
    )
    const kept = stubs.filter(([name, action]) => providedBatchMachine.implementations.actions[name] === action).map(([name]) => name)
    expect(stubs.length).toBeGreaterThan(8)
    expect(kept).toEqual([])
  })

  it('keeps the names of the lifecycle at the top', () => {
    expect(Object.keys(batchMachine.states)).toEqual([
      'INITIALIZING',
      'GENERATING_PAIRS',
      'WAITING_CALLBACKS',
      'SCORING',
      'COMPLETED',
      'FAILED',
      'CANCELLED',
    ])
  })
})
