import { Select } from "antd";
import { useGoods } from "./useGoods";

/** One SKU. */
export function SkuInput({ label, value, onChange, disabled = false }: { label: string; value: string; onChange: (sku: string) => void; disabled?: boolean }) {
  const { options, search } = useGoods();
  return <Select aria-label={label} style={{ minWidth: 220 }} disabled={disabled} value={value || undefined} options={options.skus} showSearch={{ optionFilterProp: "label", onSearch: search }} labelRender={({ value: sku, label: known }) => known ?? sku} onChange={onChange} />;
}
