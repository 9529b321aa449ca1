"""How shoppers come by a promotion that others or a deposit must help to: 拼团, 砍价, 预售."""
