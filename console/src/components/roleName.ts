/** A role's name in the reader's words; `decide-0` is the first of several, so its number stays. */
export function roleName(t: (key: string, vars: { defaultValue: string }) => string, name: string): string {
  const [kind = name, ...number] = name.split("-");
  return [t(`operations.roles.${kind}`, { defaultValue: kind }), ...number].join(" ");
}
