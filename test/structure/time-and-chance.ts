import ts from 'typescript';

/** Built-ins that hold a clock, a timer or chance: to be named in full where they are used. */
const guarded = new Set(['Date', 'Math', 'process', 'AbortSignal', 'crypto']);
/** Modules whose members are to be imported by name, where the linter can see them. */
const byNameOnly = /^(node:)?(crypto|process|timers|timers\/promises|perf_hooks)$/;

/**
 * Spellings of time and chance that oxlint cannot express: `new Date()` without an argument,
 * `Date()` as a call, another name for a guarded built-in, a whole module under one name.
 * @returns `line: what is wrong` for each.
 */
export function timeAndChanceIn(fileName: string, text: string): string[] {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.ES2024, true);
  const found: string[] = [];
  const locals = namesDeclaredIn(source);
  const visit = (node: ts.Node): void => {
    const isLocal = ts.isIdentifier(node) && locals.has(node.text);
    const complaint = isLocal ? undefined : complaintAbout(node);
    if (complaint !== undefined) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${line + 1}: ${complaint}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** A file may call something of its own `process`; nothing of its own is called `Date` or `Math`. */
function namesDeclaredIn(source: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    const isNamed =
      ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node);
    if (isNamed && ts.isIdentifier(node.name) && node.name.text === 'process') {
      names.add(node.name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

function complaintAbout(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node)) return complaintAboutImport(node);
  if (!ts.isIdentifier(node) || !guarded.has(node.text)) return undefined;
  const { parent } = node;
  if (isOnlyAName(node, parent)) return undefined;
  if (ts.isNewExpression(parent) && parent.expression === node) {
    const isNow = node.text === 'Date' && (parent.arguments?.length ?? 0) === 0;
    return isNow ? '`new Date()` reads the clock' : undefined;
  }
  if (ts.isCallExpression(parent) && parent.expression === node) return `${node.text}() is called`;
  return `${node.text} gets another name`;
}

/** A property called so, an import of that name, a type, `instanceof`, or the object of `Date.parse`. */
function isOnlyAName(node: ts.Identifier, parent: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(parent)) return true;
  if (ts.isElementAccessExpression(parent)) {
    return parent.expression === node && ts.isStringLiteral(parent.argumentExpression);
  }
  if (ts.isVariableDeclaration(parent)) {
    // The linter reads `const { now } = Date` name by name; `...rest` would hide one.
    const { name } = parent;
    if (!ts.isObjectBindingPattern(name)) return parent.name === node;
    return name.elements.every(
      (element) =>
        element.dotDotDotToken === undefined &&
        (element.propertyName === undefined || !ts.isComputedPropertyName(element.propertyName)),
    );
  }
  if (ts.isBinaryExpression(parent)) {
    return parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword;
  }
  return (
    ts.isTypeNode(parent) ||
    ts.isTypeQueryNode(parent) ||
    ts.isQualifiedName(parent) ||
    ts.isExpressionWithTypeArguments(parent) ||
    ts.isImportSpecifier(parent) ||
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    (ts.isBindingElement(parent) && parent.propertyName === node) ||
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent)
  );
}

function complaintAboutImport(node: ts.ImportDeclaration): string | undefined {
  const { moduleSpecifier, importClause } = node;
  if (!ts.isStringLiteral(moduleSpecifier) || !byNameOnly.test(moduleSpecifier.text)) {
    return undefined;
  }
  const bindings = importClause?.namedBindings;
  const isWhole = importClause?.name !== undefined || (bindings && ts.isNamespaceImport(bindings));
  return isWhole ? `${moduleSpecifier.text} is imported whole, not by name` : undefined;
}
