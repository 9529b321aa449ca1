"""Flash sales (秒杀): sessions, stock, a fair queue, reservations that expire, never oversold."""
