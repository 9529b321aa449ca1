"""Calls between the roles of one machine, over Unix sockets."""

from queqiao.ports.rpc.client import RpcClient
from queqiao.ports.rpc.server import Method, RpcServer

__all__ = ["Method", "RpcClient", "RpcServer"]
