import { Checkbox } from "antd";
import { useTranslation } from "react-i18next";

interface Props {
  columns: { id: string; title: string }[];
  hidden: string[];
  onChange: (hidden: string[]) => void;
}

/** Which columns a table shows. The first one always stays. */
export function Chooser({ columns, hidden, onChange }: Props) {
  const { t } = useTranslation();
  const toggle = (id: string) => onChange(hidden.includes(id) ? hidden.filter((one) => one !== id) : [...hidden, id]);
  return (
    <fieldset className="chooser">
      <legend>{t("table.columns")}</legend>
      {columns.slice(1).map((column) => (
        <Checkbox key={column.id} checked={!hidden.includes(column.id)} onChange={() => toggle(column.id)}>
          {column.title}
        </Checkbox>
      ))}
    </fieldset>
  );
}
